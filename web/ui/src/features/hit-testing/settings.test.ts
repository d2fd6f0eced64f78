import { describe, expect, it } from "vitest";

import { AS_SET, placesByPassage, searchRequest } from "./settings";

describe("a search that tries settings", () => {
  it("changes nothing that was not moved", () => {
    const request = searchRequest("转专业", ["base"], AS_SET);
    expect(request.settings).toBeNull();
    expect(request.filters).toBeNull();
    expect(request.explain).toBe(true);
  });

  it("carries a weight of zero, which is not nothing", () => {
    expect(searchRequest("q", ["base"], { ...AS_SET, denseWeight: 0 }).settings?.dense_weight).toBe(0);
  });

  it("filters by folder and tags", () => {
    expect(searchRequest("q", ["base"], { ...AS_SET, folder: " rules ", tags: ["2024"] }).filters).toEqual({ folder: "rules", tags: ["2024"] });
  });
});

it("finds a passage's place on the other side", () => {
  expect(placesByPassage([{ chunk_id: "a" }, { chunk_id: "b" }]).get("b")).toBe(2);
});
