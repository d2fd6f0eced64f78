import type { Citation, Source } from "@/api/types";

/** Values for tests, of the shape that the server sends. */
export function source(number: number, text = "A passage.", start = 0): Source {
  return {
    number,
    document_id: `document-${number}`,
    version_id: `version-${number}`,
    document_name: `file-${number}.pdf`,
    document_title: "",
    knowledge_base_id: "base",
    chunk_id: `chunk-${number}`,
    start,
    end: start + [...text].length,
    text,
    heading_path: [],
    scores: { dense: 0.8, sparse: null, fused: 0.8, reranked: null, dense_other: null, sentence_other: null },
    is_available: true,
  };
}

export function citation(number: number, start: number, end: number, support: Citation["support"] = "supported", reason = ""): Citation {
  return { number, sentence_start: start, sentence_end: end, evidence_start: 3, evidence_end: 8, support, score: 0.9, reason, edited_words: "", is_struck: false };
}
