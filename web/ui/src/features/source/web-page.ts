import type { Citation, Source } from "@/api/types";
import { offsetMap } from "@/text/offsets";

/** A passage of a web page as an answer was given it: there is no document to open, and the page may change. */
export type WebPassage = {
  number: number;
  title: string;
  url: string;
  site: string;
  /** YYYY-MM-DD, or empty. */
  published: string;
  seenAt: string;
  /** The page could not be read: the text is the search engine's excerpt. */
  isExcerpt: boolean;
  text: string;
  /** The words that carry the claim, in UTF-16 units of the text. */
  evidence: { start: number; end: number } | null;
};

export function webPassage(source: Source, citation: Citation | null): WebPassage | null {
  if (!source.web) return null;
  const map = offsetMap(source.text);
  const hasEvidence = citation !== null && citation.evidence_end > citation.evidence_start;
  return {
    number: source.number,
    title: source.document_title || source.document_name,
    url: source.web.url,
    site: source.web.site,
    published: source.web.published,
    seenAt: source.web.seen_at,
    isExcerpt: source.web.is_excerpt ?? false,
    text: source.text,
    evidence: hasEvidence
      ? { start: map.toUtf16(citation.evidence_start - source.start), end: map.toUtf16(citation.evidence_end - source.start) }
      : null,
  };
}

/** The page's address if it is one that a browser may be sent to, else nothing. */
export function externalUrl(url: string): string | undefined {
  return /^https?:\/\/[^\s]+$/i.test(url) ? url : undefined;
}
