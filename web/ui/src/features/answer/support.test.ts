import { describe, expect, it } from "vitest";

import { citationAt, sentenceSupport } from "./support";
import { citation } from "./testing";

describe("the support of a sentence", () => {
  it("is the best that one of its citations gives", () => {
    const sentences = sentenceSupport([
      citation(1, 0, 20, "unsupported", "numbers not in the passage: 45"),
      citation(2, 0, 20, "supported"),
      citation(1, 21, 40, "unsupported", "the passage does not say this"),
      citation(3, 21, 40, "partly", "the passage says part of this"),
    ]);
    expect(sentences.map(({ support }) => support)).toEqual(["supported", "partly"]);
    expect(sentences[1]?.reason).toBe("the passage says part of this");
  });
});

describe("a marker", () => {
  const citations = [citation(1, 0, 20), citation(1, 50, 80, "unsupported"), citation(2, 50, 80)];

  it("stands for the citation of its own sentence, also where it follows the full stop", () => {
    expect(citationAt(citations, 1, 18)?.sentence_start).toBe(0);
    expect(citationAt(citations, 1, 81)?.sentence_start).toBe(50);
  });

  it("that was not checked yet stands for none", () => {
    expect(citationAt(citations, 3, 10)).toBeNull();
  });
});
