import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { api, unwrap } from "@/api/client";
import type { KbDocument } from "@/api/types";
import { KNOWLEDGE_BASES } from "@/features/knowledge-bases/knowledge-bases";

import { applyDocumentEvent, applyDocumentEvents, type DocumentEvent } from "./document-list";

export const documentsKey = (knowledgeBaseId: string) => ["documents", knowledgeBaseId] as const;

const RECONNECT_MS = 3000;
/** A hundred files that are uploaded at once tell of themselves at once: they are drawn together. */
const GATHER_MS = 80;

/** The documents of a knowledge base, kept up to date by the server's events while the page is seen. */
export function useDocuments(knowledgeBaseId: string | null) {
  const queries = useQueryClient();
  useEffect(() => (knowledgeBaseId ? follow(knowledgeBaseId, queries) : undefined), [knowledgeBaseId, queries]);
  return useQuery({
    queryKey: documentsKey(knowledgeBaseId ?? ""),
    enabled: knowledgeBaseId !== null,
    queryFn: async ({ signal }) => {
      const { documents } = await unwrap(
        api.GET("/api/v1/knowledge-bases/{knowledge_base_id}/documents", {
          params: { path: { knowledge_base_id: knowledgeBaseId! } },
          signal,
        }),
      );
      return applyDocumentEvent([], { type: "snapshot", documents });
    },
    staleTime: Infinity,
  });
}

/**
 * Follow one base's events; returns the function that ends it. A hidden tab lets go of its connection (a browser has
 * only six to one server) and takes a fresh snapshot when it is seen again.
 */
function follow(knowledgeBaseId: string, queries: QueryClient): () => void {
  let source: EventSource | null = null;
  let again: ReturnType<typeof setTimeout> | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let gathered: DocumentEvent[] = [];

  const apply = (event: DocumentEvent) => {
    gathered.push(event);
    gathering ??= setTimeout(flush, GATHER_MS);
  };
  const flush = () => {
    const events = gathered;
    gathering = undefined;
    gathered = [];
    const key = documentsKey(knowledgeBaseId);
    const before = queries.getQueryData<KbDocument[]>(key);
    const after = applyDocumentEvents(before ?? [], events);
    queries.setQueryData<KbDocument[]>(key, after);
    if (before && countsOf(before) !== countsOf(after)) void queries.invalidateQueries({ queryKey: KNOWLEDGE_BASES });
  };
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource(`/api/v1/knowledge-bases/${encodeURIComponent(knowledgeBaseId)}/events`);
    source.addEventListener("snapshot", (message: MessageEvent<string>) => {
      apply({ type: "snapshot", ...(JSON.parse(message.data) as { documents: KbDocument[] }) });
    });
    source.addEventListener("document", (message: MessageEvent<string>) => {
      apply({ type: "document", document: JSON.parse(message.data) as KbDocument });
    });
    source.addEventListener("deleted", (message: MessageEvent<string>) => {
      apply({ type: "deleted", ...(JSON.parse(message.data) as { id: string }) });
    });
    source.addEventListener("error", () => {
      // A broken connection comes back by itself; a refused one does not.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      again = setTimeout(open, RECONNECT_MS);
    });
  };
  const close = () => {
    clearTimeout(again);
    clearTimeout(gathering);
    gathering = undefined;
    gathered = [];
    source?.close();
    source = null;
  };
  const onVisibility = () => (document.hidden ? close() : open());
  document.addEventListener("visibilitychange", onVisibility);
  open();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    close();
  };
}

function countsOf(documents: readonly KbDocument[]): string {
  return `${documents.length}:${documents.filter((document) => document.is_searchable).length}`;
}
