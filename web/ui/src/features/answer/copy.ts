import type { TurnView } from "./turn";

/** The answer with its markers, and below it the sources that they stand for, to be pasted elsewhere. */
export function answerAsText(turn: Pick<TurnView, "answer" | "sources" | "citations">, heading: string): string {
  const marked = new Set([...turn.answer.matchAll(/\[(\d{1,3})\]/g)].map((match) => Number(match[1])));
  const lines = turn.sources
    .filter((source) => marked.has(source.number))
    .map((source) => `[${source.number}] ${[source.document_name, ...source.heading_path, ...(source.web ? [source.web.site, source.web.url] : [])].join(" › ")}`);
  return lines.length > 0 ? `${turn.answer.trim()}\n\n${heading}\n${lines.join("\n")}` : turn.answer.trim();
}
