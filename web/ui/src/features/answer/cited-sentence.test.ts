import { expect, it } from "vitest";

import { citedSentence } from "./cited-sentence";

it("is cut from the answer by code points, without markers", () => {
  expect(citedSentence("😀 First[1]. Second [2][3]. Third.", { sentence_start: 12, sentence_end: 27 })).toBe("Second.");
});

it("is shortened where it is long", () => {
  expect(citedSentence("字".repeat(300), { sentence_start: 0, sentence_end: 300 })).toHaveLength(111);
});
