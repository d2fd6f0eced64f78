import { describe, expect, it } from "vitest";

import en from "@/i18n/en.json";
import zh from "@/i18n/zh.json";

import { describeReason } from "./reasons";

const REASONS = [
  "numbers not in the passage: 45",
  "names not in the passage: 张三",
  "words not in the passage: monthly",
  "numbers from elsewhere in the passage: 30",
  "the passage says the contrary",
  "one negates and the other does not",
  "the passage does not say this",
  "the passage says part of this",
  "each cited passage says part of this",
  "the passage, in another language, may say this",
];

/** The words of a key such as `support.reason.part`. */
function worded(words: object, key: string): unknown {
  return key.split(".").reduce<unknown>((inner, name) => (inner as Record<string, unknown>)[name], words);
}

describe("each reason that the checker gives", () => {
  it.each(REASONS)("%s has words in both languages", (reason) => {
    const key = describeReason(((asked: string) => asked) as never, reason);
    expect(key).toMatch(/^support\.reason\./);
    expect(worded(en, key)).toBeTypeOf("string");
    expect(worded(zh, key)).toBeTypeOf("string");
  });
});
