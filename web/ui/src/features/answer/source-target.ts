import type { Citation, Source } from "@/api/types";
import { useSourceTarget, type EditedPassage, type SourceTarget } from "@/features/source/target";
import { webPassage } from "@/features/source/web-page";

/** Where a source is opened: at the words that carry the claim, or at the whole passage. */
export function targetOf(source: Source, citation: Citation | null): SourceTarget {
  const hasEvidence = citation !== null && citation.evidence_end > citation.evidence_start;
  return {
    documentId: source.document_id,
    versionId: source.version_id,
    range: hasEvidence
      ? { start: citation.evidence_start, end: citation.evidence_end }
      : { start: source.start, end: source.end },
    number: source.number,
  };
}

/** What the reader must know of a source that an editor changed; undefined where it stands as in the original. */
export function editedPassage(source: Source, citation: Citation | null): EditedPassage | undefined {
  return source.edit ? { ...source.edit, words: citation?.edited_words ?? "", text: source.text } : undefined;
}

/** Opening a source beside the answer: its document, or what was seen of its web page. */
export function useOpenSource() {
  const { target, page, open, openPage } = useSourceTarget();
  return {
    open: (source: Source, citation: Citation | null) => {
      const seen = webPassage(source, citation);
      if (seen) openPage(seen);
      else open(targetOf(source, citation), editedPassage(source, citation));
    },
    isOpen: (source: Source) =>
      source.web ? page?.number === source.number && page.url === source.web.url : target?.number === source.number && target.documentId === source.document_id,
    /** Where in the source the panel stands; null: nowhere in particular. */
    from: target?.range?.start ?? page?.evidence?.start ?? null,
  };
}
