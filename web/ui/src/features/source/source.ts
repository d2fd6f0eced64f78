import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import { useDocument } from "@/features/documents/documents";

import { prepareContent } from "./content";
import type { SourceTarget } from "./target";

export const useSourceDocument = (target: SourceTarget) => useDocument(target.documentId);

/** The text and blocks of a version. A version never changes, so they are asked for once. */
export function useContent(documentId: string, versionId: string | null, enabled: boolean) {
  return useQuery({
    queryKey: ["content", documentId, versionId],
    enabled,
    staleTime: versionId ? Infinity : 0,
    gcTime: 120_000,
    queryFn: async ({ signal }) =>
      prepareContent(
        await unwrap(
          api.GET("/api/v1/documents/{document_id}/content", {
            params: { path: { document_id: documentId }, query: { version_id: versionId ?? undefined } },
            signal,
          }),
        ),
      ),
  });
}

/** Where the original shows the target's characters. */
export function useHighlights(target: SourceTarget) {
  const { documentId, versionId, range } = target;
  return useQuery({
    queryKey: ["highlights", documentId, versionId, range],
    enabled: range !== null,
    staleTime: versionId ? Infinity : 0,
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET("/api/v1/documents/{document_id}/highlights", {
            params: { path: { document_id: documentId }, query: { version_id: versionId ?? undefined, ...range! } },
            signal,
          }),
        )
      ).segments,
  });
}
