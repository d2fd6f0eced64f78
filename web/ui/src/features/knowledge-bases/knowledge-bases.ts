import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { Level, ShareWith } from "@/api/types";

export const KNOWLEDGE_BASES = ["knowledge-bases"] as const;

export function useKnowledgeBases() {
  return useQuery({
    queryKey: KNOWLEDGE_BASES,
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/v1/knowledge-bases", { signal }))).knowledge_bases,
  });
}

/** What the signed-in user may do with a knowledge base; reading is the least. */
export function useLevel(knowledgeBaseId: string): Level {
  const { data } = useKnowledgeBases();
  return data?.find((base) => base.id === knowledgeBaseId)?.level ?? "reader";
}

export function useCreateKnowledgeBase() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; description: string; share_with: ShareWith }) => unwrap(api.POST("/api/v1/knowledge-bases", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KNOWLEDGE_BASES }),
  });
}

export function useChangeKnowledgeBase() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; name: string; description: string }) =>
      unwrap(api.PATCH("/api/v1/knowledge-bases/{knowledge_base_id}", { params: { path: { knowledge_base_id: id } }, body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KNOWLEDGE_BASES }),
  });
}

export function useDeleteKnowledgeBase() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/api/v1/knowledge-bases/{knowledge_base_id}", { params: { path: { knowledge_base_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: KNOWLEDGE_BASES }),
  });
}
