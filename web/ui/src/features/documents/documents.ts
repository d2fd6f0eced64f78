import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { KbDocument } from "@/api/types";
import { KNOWLEDGE_BASES } from "@/features/knowledge-bases/knowledge-bases";

import { applyDocumentEvent } from "./document-list";
import { documentsKey } from "./feed";

export function useDocument(id: string | null) {
  return useQuery({
    queryKey: ["document", id],
    enabled: id !== null,
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/documents/{document_id}", { params: { path: { document_id: id! } }, signal })),
  });
}

export function useDeleteDocument() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (document: KbDocument) =>
      unwrap(api.DELETE("/api/v1/documents/{document_id}", { params: { path: { document_id: document.id } } })),
    onSuccess: (_, document) => {
      queries.setQueryData<KbDocument[]>(documentsKey(document.knowledge_base_id), (known) =>
        applyDocumentEvent(known ?? [], { type: "deleted", id: document.id }),
      );
      return queries.invalidateQueries({ queryKey: KNOWLEDGE_BASES });
    },
  });
}

export function useRetryDocument() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ document, password }: { document: KbDocument; password?: string }) =>
      unwrap(
        api.POST("/api/v1/documents/{document_id}/retry", {
          params: { path: { document_id: document.id } },
          body: { password: password ?? "" },
        }),
      ),
    onSuccess: (changed) =>
      queries.setQueryData<KbDocument[]>(documentsKey(changed.knowledge_base_id), (known) =>
        applyDocumentEvent(known ?? [], { type: "document", document: changed }),
      ),
  });
}
