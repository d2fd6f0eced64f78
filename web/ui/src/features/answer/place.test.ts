import { expect, it } from "vitest";

import { placeOf } from "./place";
import { source } from "./testing";

const TITLED = { ...source(1, "Loans  last\nthirty days."), document_title: "Library Rules" };

it("names the heading that a passage stands under", () => {
  expect(placeOf({ ...TITLED, heading_path: ["Library Rules", "Loans"] })).toBe("Loans");
});

it("does not repeat the document's title, but shows how the passage begins", () => {
  expect(placeOf({ ...TITLED, heading_path: ["LIBRARY  RULES"] })).toBe("Loans last thirty days.");
  expect(placeOf(TITLED)).toBe("Loans last thirty days.");
});

it("takes the heading above where the nearest one is the title again", () => {
  expect(placeOf({ ...TITLED, heading_path: ["Chapter 1", "Library Rules"] })).toBe("Chapter 1");
});
