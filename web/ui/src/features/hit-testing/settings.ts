import type { SearchRequest } from "@/api/types";

/** What one side of the page searches with; null: as the platform is set. */
export type TriedSettings = {
  limit: number;
  reranking: boolean;
  denseWeight: number | null;
  feedbackWeight: number | null;
  wordsWeight: number | null;
  candidates: number | null;
  folder: string;
  tags: string[];
};

export const AS_SET: TriedSettings = {
  limit: 10,
  reranking: true,
  denseWeight: null,
  feedbackWeight: null,
  wordsWeight: null,
  candidates: null,
  folder: "",
  tags: [],
};

export function searchRequest(query: string, bases: readonly string[], tried: TriedSettings): SearchRequest {
  const settings = {
    dense_weight: tried.denseWeight,
    feedback_weight: tried.feedbackWeight,
    feedback_words_weight: tried.wordsWeight,
    candidates: tried.candidates,
  };
  const folder = tried.folder.trim();
  return {
    query,
    knowledge_base_ids: [...bases],
    limit: tried.limit,
    reranking: tried.reranking,
    neighbours: false,
    explain: true,
    settings: Object.values(settings).some((value) => value !== null) ? settings : null,
    filters: folder || tried.tags.length > 0 ? { folder: folder || null, tags: tried.tags } : null,
  };
}

/** Where the other side has each passage, by its id, from 1. */
export function placesByPassage(hits: readonly { chunk_id: string }[]): ReadonlyMap<string, number> {
  return new Map(hits.map((hit, index) => [hit.chunk_id, index + 1]));
}
