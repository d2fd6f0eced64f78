import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { Chunk, ChunkList } from "@/api/types";

export type Which = "all" | "edited" | "off";

const PAGE = 50;

const passagesKey = (documentId: string) => ["passages", documentId] as const;

/** The passages of a version, page by page as the reader scrolls. */
export function usePassages(documentId: string, versionId: string, which: Which, query: string) {
  return useInfiniteQuery({
    queryKey: [...passagesKey(documentId), versionId, which, query],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/documents/{document_id}/chunks", {
          params: { path: { document_id: documentId }, query: { version_id: versionId, which, query, offset: pageParam, limit: PAGE } },
          signal,
        }),
      ),
    getNextPageParam: (last, _pages, offset) => (offset + last.chunks.length < last.total ? offset + last.chunks.length : undefined),
    placeholderData: keepPreviousData,
  });
}

/** Change a passage's text (to the original's: the edit is taken back), or switch it off or on. */
export function useEditPassage(documentId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; text?: string; is_enabled?: boolean }) =>
      unwrap(
        api.PATCH("/api/v1/documents/{document_id}/chunks/{chunk_id}", {
          params: { path: { document_id: documentId, chunk_id: id } },
          body,
        }),
      ),
    onSuccess: (changed) => {
      queries.setQueriesData<InfiniteData<ChunkList, number>>({ queryKey: passagesKey(documentId) }, (known) => known && withChunk(known, changed));
    },
  });
}

/** The list with one passage as it is now; the counts of all pages follow. It stays where it is until asked for anew. */
function withChunk(known: InfiniteData<ChunkList, number>, changed: Chunk): InfiniteData<ChunkList, number> {
  const before = known.pages.flatMap((page) => page.chunks).find(({ id }) => id === changed.id);
  if (!before) return known;
  const edited = Number(changed.edited_text !== null) - Number(before.edited_text !== null);
  const off = Number(!changed.is_enabled) - Number(!before.is_enabled);
  return {
    ...known,
    pages: known.pages.map((page) => ({
      ...page,
      edited_count: page.edited_count + edited,
      off_count: page.off_count + off,
      chunks: page.chunks.map((chunk) => (chunk.id === changed.id ? changed : chunk)),
    })),
  };
}

/** Length of a draft in the embedding model's tokens. */
export function useDraftSize(documentId: string, chunkId: string, text: string) {
  return useQuery({
    queryKey: ["passage-size", chunkId, text],
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      unwrap(
        api.POST("/api/v1/documents/{document_id}/chunks/{chunk_id}/size", {
          params: { path: { document_id: documentId, chunk_id: chunkId } },
          body: { text },
          signal,
        }),
      ),
  });
}

export function useDiscardEdit(documentId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (editId: string) =>
      unwrap(api.DELETE("/api/v1/documents/{document_id}/chunk-edits/{edit_id}", { params: { path: { document_id: documentId, edit_id: editId } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: passagesKey(documentId) }),
  });
}
