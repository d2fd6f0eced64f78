import type { Citation, Source } from "@/api/types";
import type { EditedPassage, SourceTarget } from "@/features/source/target";

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
