import { expect, it, vi } from "vitest";

vi.stubGlobal("window", { location: { origin: "https://kb.example.edu" } });
const { invitationLink, withPaths } = await import("./invitations");

it("names departments by their whole path, in its order", () => {
  const departments = [
    { id: "3", name: "Surgery", parent_id: "2" },
    { id: "2", name: "Medicine", parent_id: null },
    { id: "4", name: "Institute", parent_id: "above what one manages" },
  ];
  expect(withPaths(departments).map((one) => one.label)).toEqual(["Institute", "Medicine", "Medicine / Surgery"]);
});

it("keeps a link's secret where no server sees it", () => {
  expect(new URL(invitationLink("kbi_x")).hash).toBe("#kbi_x");
});
