import { describe, expect, it } from "vitest";

import { cutByRanges, offsetMap, sliceCodePoints } from "./offsets";

describe("offsets", () => {
  it("count code points, also after characters outside of the basic plane", () => {
    const text = "𠮷野家🙂abc";
    expect([...text].slice(1, 3).join("")).toBe("野家");
    expect(sliceCodePoints(text, 1, 3)).toBe("野家");
    expect(sliceCodePoints(text, 4, 7)).toBe("abc");
  });

  it("are turned into UTF-16 and back without loss", () => {
    for (const text of ["", "plain", "中文字符", "a𠮷b🙂🙂c", "🙂"]) {
      const map = offsetMap(text);
      const codePoints = [...text];
      for (let point = 0; point <= codePoints.length; point++) {
        expect(map.toUtf16(point)).toBe(codePoints.slice(0, point).join("").length);
        expect(map.toCodePoint(map.toUtf16(point))).toBe(point);
      }
    }
  });

  it("beyond the text end at its end", () => {
    expect(offsetMap("a🙂").toUtf16(99)).toBe(3);
    expect(offsetMap("ab").toUtf16(99)).toBe(2);
    expect(offsetMap("a🙂").toUtf16(-1)).toBe(0);
  });
});

describe("cutting by ranges", () => {
  it("marks exactly the characters of the ranges and keeps all others", () => {
    const pieces = cutByRanges("hello world", 100, [{ start: 106, end: 111 }]);
    expect(pieces).toEqual([
      { text: "hello ", marked: false },
      { text: "world", marked: true },
    ]);
  });

  it("joins to the same text however the ranges overlap or stick out", () => {
    const text = "abcdefghij";
    const pieces = cutByRanges(text, 0, [
      { start: 4, end: 8 },
      { start: -5, end: 2 },
      { start: 6, end: 99 },
    ]);
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    expect(pieces.filter((piece) => piece.marked).map((piece) => piece.text).join("")).toBe("abefghij");
  });

  it("marks nothing without a range inside", () => {
    expect(cutByRanges("abc", 0, [{ start: 5, end: 9 }])).toEqual([{ text: "abc", marked: false }]);
  });
});
