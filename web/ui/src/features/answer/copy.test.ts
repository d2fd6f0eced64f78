import { expect, it } from "vitest";

import { answerAsText } from "./copy";
import { source } from "./testing";

it("copies the answer with the sources that it cites, and no others", () => {
  const cited = { ...source(2), heading_path: ["Chapter 1", "Travel"] };
  const text = answerAsText({ answer: "Up to 600 yuan. [2]\n", sources: [source(1), cited], citations: [] }, "Sources");
  expect(text).toBe("Up to 600 yuan. [2]\n\nSources\n[2] file-2.pdf › Chapter 1 › Travel");
});

it("copies an answer without sources as it is", () => {
  expect(answerAsText({ answer: "Nothing.", sources: [source(1)], citations: [] }, "Sources")).toBe("Nothing.");
});
