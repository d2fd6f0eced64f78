import type { Citation, Flag, Support } from "@/api/types";

export type SentenceSupport = { start: number; end: number; support: Support | "uncited"; reason: string; isStruck?: boolean };

const STRENGTH: Record<Support, number> = { not_needed: 3, supported: 2, partly: 1, unsupported: 0 };

/**
 * Sentences of the answer with the best support that one of their citations gives: a sentence that cites [1][2] is
 * carried when either passage carries it. Sentences that were flagged for citing nothing are among them. Ranges are in code points of the answer.
 */
export function sentenceSupport(citations: readonly Citation[], flags: readonly Flag[] = []): SentenceSupport[] {
  const sentences = new Map<string, SentenceSupport>();
  const strongest = new Map<string, number>();
  for (const citation of citations) {
    const key = `${citation.sentence_start}:${citation.sentence_end}`;
    const known = strongest.get(key);
    if (known === undefined || STRENGTH[citation.support] > known) {
      strongest.set(key, STRENGTH[citation.support]);
      sentences.set(key, {
        start: citation.sentence_start,
        end: citation.sentence_end,
        support: citation.support,
        reason: citation.reason,
        isStruck: citation.is_struck ?? false,
      });
    }
  }
  const uncited = flags
    .filter((flag) => flag.kind === "uncited")
    .map(({ start, end }): SentenceSupport => ({ start, end, support: "uncited", reason: "" }));
  return [...sentences.values(), ...uncited].sort((left, right) => left.start - right.start);
}

/** The citation that a marker `[number]` at this code point of the answer stands for, if it was checked already. */
export function citationAt(citations: readonly Citation[], number: number, position: number): Citation | null {
  let best: Citation | null = null;
  let bestDistance = Infinity;
  for (const citation of citations) {
    if (citation.number !== number) continue;
    const distance =
      position < citation.sentence_start
        ? citation.sentence_start - position
        : position > citation.sentence_end
          ? position - citation.sentence_end
          : 0;
    if (distance < bestDistance) {
      best = citation;
      bestDistance = distance;
    }
  }
  return best;
}
