export type DiffPiece = { kind: "same" | "removed" | "added"; text: string };

/** Above this many comparisons the whole middle counts as replaced: nobody reads a finer answer. */
const MOST_COMPARISONS = 4_000_000;

/** What changed between two texts, word by word (character by character in Chinese). */
export function diffWords(before: string, after: string): DiffPiece[] {
  const left = before.match(WORD) ?? [];
  const right = after.match(WORD) ?? [];
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < left.length - head && tail < right.length - head && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  return joined([
    ...left.slice(0, head).map((text) => ({ kind: "same" as const, text })),
    ...diffMiddle(left.slice(head, left.length - tail), right.slice(head, right.length - tail)),
    ...left.slice(left.length - tail).map((text) => ({ kind: "same" as const, text })),
  ]);
}

const WORD = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+|\s+|[^\s\p{L}\p{N}_]/gu;

/** Longest common subsequence. */
function diffMiddle(left: readonly string[], right: readonly string[]): DiffPiece[] {
  const removed = (text: string): DiffPiece => ({ kind: "removed", text });
  const added = (text: string): DiffPiece => ({ kind: "added", text });
  if (left.length * right.length > MOST_COMPARISONS) return [...left.map(removed), ...right.map(added)];
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        left[i] === right[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
  const pieces: DiffPiece[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      pieces.push({ kind: "same", text: left[i]! });
      i++;
      j++;
    } else if (j >= right.length || (i < left.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)) {
      pieces.push(removed(left[i++]!));
    } else {
      pieces.push(added(right[j++]!));
    }
  }
  return pieces;
}

/** Neighbours of one kind as one piece; between two unchanged stretches what was removed goes before what was added. */
function joined(pieces: readonly DiffPiece[]): DiffPiece[] {
  const made: DiffPiece[] = [];
  let removed = "";
  let added = "";
  const flush = () => {
    if (removed) made.push({ kind: "removed", text: removed });
    if (added) made.push({ kind: "added", text: added });
    removed = added = "";
  };
  for (const { kind, text } of pieces) {
    if (kind === "removed") removed += text;
    else if (kind === "added") added += text;
    else {
      flush();
      const last = made.at(-1);
      if (last?.kind === "same") last.text += text;
      else made.push({ kind, text });
    }
  }
  flush();
  return made;
}
