import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { Conversation, ConversationWithTurns } from "@/api/types";

export const CONVERSATIONS = ["conversations"] as const;
export const conversationKey = (id: string) => ["conversation", id] as const;

const ANSWERING_POLL_MS = 1500;

export function useConversations() {
  return useQuery({
    queryKey: CONVERSATIONS,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/conversations", { signal }))).conversations,
  });
}

/** A conversation with its turns. `isStreaming`: this page is receiving the last answer itself. */
export function useConversation(id: string | undefined, isStreaming: boolean) {
  return useQuery<ConversationWithTurns>({
    queryKey: conversationKey(id ?? ""),
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/conversations/{conversation_id}", { params: { path: { conversation_id: id! } }, signal })),
    // An answer that another window started is followed by asking again.
    refetchInterval: (query) =>
      !isStreaming && query.state.data?.turns.some((turn) => turn.state === "answering") ? ANSWERING_POLL_MS : false,
  });
}

export function useCreateConversation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ knowledgeBaseIds }: { knowledgeBaseIds: readonly string[]; question: string }) =>
      unwrap(api.POST("/api/v1/conversations", { body: { knowledge_base_ids: [...knowledgeBaseIds], title: "" } })),
    onSuccess: (conversation, { question }) => {
      // The server makes the title of the first question; until it has, the question itself stands there.
      const titled = { ...conversation, title: question };
      queries.setQueryData<ConversationWithTurns>(conversationKey(conversation.id), { ...titled, turns: [] });
      queries.setQueryData<Conversation[]>(CONVERSATIONS, (known) => [titled, ...(known ?? [])]);
    },
  });
}

export function useRenameConversation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, title }: { id: string; title: string }) =>
      unwrap(api.PATCH("/api/v1/conversations/{conversation_id}", { params: { path: { conversation_id: id } }, body: { title } })),
    onSuccess: (_, { id }) =>
      Promise.all([
        queries.invalidateQueries({ queryKey: CONVERSATIONS }),
        queries.invalidateQueries({ queryKey: conversationKey(id) }),
      ]),
  });
}

export function useDeleteConversation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/api/v1/conversations/{conversation_id}", { params: { path: { conversation_id: id } } })),
    onSuccess: (_, id) => {
      queries.removeQueries({ queryKey: conversationKey(id) });
      return queries.invalidateQueries({ queryKey: CONVERSATIONS });
    },
  });
}
