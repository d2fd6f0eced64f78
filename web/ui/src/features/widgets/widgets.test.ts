import { expect, it, vi } from "vitest";

vi.stubGlobal("window", { location: { origin: "https://kb.example.edu" } });
const { sitesOf, widgetTag } = await import("./widgets");

it("takes sites one a line, with spaces or commas of both kinds", () => {
  expect(sitesOf("https://a.example\n https://b.example，https://c.example, ")).toEqual(["https://a.example", "https://b.example", "https://c.example"]);
});

it("gives a tag that loads from here, with a place for the token where one is needed", () => {
  expect(widgetTag({ id: "7", needs_token: false })).toBe('<script src="https://kb.example.edu/widget.js" data-widget="7" async></script>');
  expect(widgetTag({ id: "7", needs_token: true })).toContain('data-token="…"');
});
