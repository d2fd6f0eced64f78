import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { Share, Subject } from "@/api/types";
import { KNOWLEDGE_BASES } from "@/features/knowledge-bases/knowledge-bases";

function sent({ kind, id }: Subject) {
  return { kind, id: id || null };
}

export function useSubjects(query: string) {
  return useQuery({
    queryKey: ["subjects", query],
    enabled: query !== "",
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/subjects", { params: { query: { query } }, signal }))).subjects,
  });
}

const sharesKey = (baseId: string) => ["shares", baseId] as const;
const restrictionsKey = (documentId: string) => ["restrictions", documentId] as const;

export function useShares(baseId: string) {
  return useQuery({
    queryKey: sharesKey(baseId),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/v1/knowledge-bases/{knowledge_base_id}/shares", { params: { path: { knowledge_base_id: baseId } }, signal }))).shares,
  });
}

export function useSetShares(baseId: string) {
  const queries = useQueryClient();
  return useMutation({
    meta: { showsOwnError: true },
    mutationFn: (shares: readonly Share[]) =>
      unwrap(
        api.PUT("/api/v1/knowledge-bases/{knowledge_base_id}/shares", {
          params: { path: { knowledge_base_id: baseId } },
          body: { shares: shares.map(({ subject, level }) => ({ subject: sent(subject), level })) },
        }),
      ),
    onSuccess: (changed) => {
      queries.setQueryData(sharesKey(baseId), changed.shares);
      return queries.invalidateQueries({ queryKey: KNOWLEDGE_BASES });
    },
  });
}

export function useRestrictions(documentId: string) {
  return useQuery({
    queryKey: restrictionsKey(documentId),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/v1/documents/{document_id}/restrictions", { params: { path: { document_id: documentId } }, signal }))).subjects,
  });
}

export function useSetRestrictions(documentId: string) {
  const queries = useQueryClient();
  return useMutation({
    meta: { showsOwnError: true },
    mutationFn: (subjects: readonly Subject[]) =>
      unwrap(
        api.PUT("/api/v1/documents/{document_id}/restrictions", {
          params: { path: { document_id: documentId } },
          body: { subjects: subjects.map(sent) },
        }),
      ),
    onSuccess: (changed) => queries.setQueryData(restrictionsKey(documentId), changed.subjects),
  });
}
