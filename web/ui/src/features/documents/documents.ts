import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { BulkRequest, DocumentChange, KbDocument } from "@/api/types";
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

export type Step = "pause" | "resume" | "cancel" | "reread";

/** Let a document's reading rest, go on, end, or begin anew. */
export function useStep() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ document, step }: { document: KbDocument; step: Step }) => {
      const options = { params: { path: { document_id: document.id } } };
      switch (step) {
        case "pause":
          return unwrap(api.POST("/api/v1/documents/{document_id}/pause", options));
        case "resume":
          return unwrap(api.POST("/api/v1/documents/{document_id}/resume", options));
        case "cancel":
          return unwrap(api.POST("/api/v1/documents/{document_id}/cancel", options));
        case "reread":
          return unwrap(api.POST("/api/v1/documents/{document_id}/reread", options));
      }
    },
    onSuccess: (changed) => put(queries, changed),
  });
}

/** Rename a document, tag it, or put it into another folder. */
export function useChangeDocument() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ document, ...body }: { document: KbDocument } & DocumentChange) =>
      unwrap(api.PATCH("/api/v1/documents/{document_id}", { params: { path: { document_id: document.id } }, body })),
    onSuccess: (changed) => put(queries, changed),
  });
}

export type BulkChange = Pick<BulkRequest, "action" | "document_ids"> & Partial<BulkRequest>;

/** Do one thing to many documents of a knowledge base; the answer names those to which it could not be done. */
export function useBulk(knowledgeBaseId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: BulkChange) =>
      unwrap(api.POST("/api/v1/documents/bulk", { body: { add_tags: [], remove_tags: [], ...change } })),
    onSuccess: ({ done }, { action, knowledge_base_id }) => {
      const isGone = action === "delete" || (action === "move" && knowledge_base_id != null && knowledge_base_id !== knowledgeBaseId);
      if (isGone) {
        const gone = new Set(done);
        queries.setQueryData<KbDocument[]>(documentsKey(knowledgeBaseId), (known) => known?.filter(({ id }) => !gone.has(id)));
      }
      void queries.invalidateQueries({ queryKey: ["document"] });
      return queries.invalidateQueries({ queryKey: KNOWLEDGE_BASES });
    },
  });
}

function put(queries: QueryClient, changed: KbDocument): void {
  queries.setQueryData<KbDocument[]>(documentsKey(changed.knowledge_base_id), (known) =>
    applyDocumentEvent(known ?? [], { type: "document", document: changed }),
  );
  queries.setQueryData(["document", changed.id], changed);
}
