/**
 * Offsets of the platform count Unicode code points, JavaScript's count UTF-16 units. The two differ after the first
 * character outside the basic plane (rare Han characters, emoji), so every offset from the server passes here first.
 */
export type OffsetMap = {
  /** UTF-16 index of the code point with this number; beyond the end: the text's length. */
  toUtf16: (codePoint: number) => number;
  /** Number of the code point that holds this UTF-16 index. */
  toCodePoint: (index: number) => number;
};

const SURROGATE = /[\ud800-\udbff]/;

export function offsetMap(text: string): OffsetMap {
  if (!SURROGATE.test(text)) {
    const clamp = (value: number) => Math.max(0, Math.min(value, text.length));
    return { toUtf16: clamp, toCodePoint: clamp };
  }
  const starts: number[] = [];
  for (let index = 0; index < text.length; index += text.codePointAt(index)! > 0xffff ? 2 : 1) starts.push(index);
  return {
    toUtf16: (codePoint) => (codePoint < 0 ? 0 : (starts[codePoint] ?? text.length)),
    toCodePoint: (index) => {
      let low = 0;
      let high = starts.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (starts[middle]! <= index) low = middle + 1;
        else high = middle;
      }
      return index >= text.length ? starts.length : Math.max(0, low - 1);
    },
  };
}

/** The characters [start, end) of a text, both in code points. */
export function sliceCodePoints(text: string, start: number, end: number): string {
  const map = offsetMap(text);
  return text.slice(map.toUtf16(start), map.toUtf16(end));
}

export type Piece = { text: string; marked: boolean };

/** Cut `text`, which begins at `offset`, into pieces inside and outside of the ranges [start, end). */
export function cutByRanges(text: string, offset: number, ranges: readonly { start: number; end: number }[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  const inside = ranges
    .map((range) => ({ start: Math.max(0, range.start - offset), end: Math.min(text.length, range.end - offset) }))
    .filter((range) => range.end > range.start)
    .sort((left, right) => left.start - right.start);
  for (const range of inside) {
    const start = Math.max(at, range.start);
    if (start >= range.end) continue;
    if (start > at) pieces.push({ text: text.slice(at, start), marked: false });
    pieces.push({ text: text.slice(start, range.end), marked: true });
    at = range.end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), marked: false });
  return pieces;
}
