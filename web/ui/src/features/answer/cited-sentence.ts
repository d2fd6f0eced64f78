import type { Citation } from "@/api/types";

const MOST_CHARACTERS = 110;

/** The sentence that a citation stands in, short and without its markers. */
export function citedSentence(answer: string, citation: Pick<Citation, "sentence_start" | "sentence_end">): string {
  const sentence = [...answer].slice(citation.sentence_start, citation.sentence_end).join("");
  const plain = [...sentence.replace(/\s*\[\d{1,3}\]/g, "").replace(/\s+/g, " ").trim()];
  return plain.length > MOST_CHARACTERS ? `${plain.slice(0, MOST_CHARACTERS).join("")}…` : plain.join("");
}
