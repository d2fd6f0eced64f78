import { describe, expect, it } from "vitest";

import { diffWords } from "./diff";

const short = (before: string, after: string) =>
  diffWords(before, after).map(({ kind, text }) => ({ same: "", removed: "-", added: "+" })[kind] + text);

describe("what changed", () => {
  it("is told in words, in Chinese in characters", () => {
    expect(short("The fee is 100 yuan.", "The fee is 120 yuan.")).toEqual(["The fee is ", "-100", "+120", " yuan."]);
    expect(short("绩点不低于三点零。", "绩点不低于三点五。")).toEqual(["绩点不低于三点", "-零", "+五", "。"]);
  });

  it("is nothing between equal texts, and all between texts with nothing in common", () => {
    expect(short("same", "same")).toEqual(["same"]);
    expect(short("", "new")).toEqual(["+new"]);
    expect(short("old", "")).toEqual(["-old"]);
  });

  it("puts both texts together again", () => {
    const before = "第一条 学生应于 9 月 1 日前报到。\n第二条 旁听生除外。";
    const after = "第一条 全体学生应于 9 月 5 日前到校报到。\n第三条 旁听生除外！";
    const pieces = diffWords(before, after);
    const without = (kind: string) => pieces.filter((piece) => piece.kind !== kind).map(({ text }) => text).join("");
    expect(without("added")).toBe(before);
    expect(without("removed")).toBe(after);
  });

  it("of long texts is found quickly", () => {
    const before = Array.from({ length: 20_000 }, (_, n) => `a${n}`).join(" ");
    const after = Array.from({ length: 20_000 }, (_, n) => `b${n}`).join(" ");
    const began = performance.now();
    diffWords(before, after);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
