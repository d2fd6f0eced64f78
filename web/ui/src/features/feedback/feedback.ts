import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { FeedbackRequest } from "@/api/types";
import { conversationKey } from "@/features/conversations/conversations";

const FEEDBACK = ["feedback"] as const;
export const EXPORT_ADDRESS = "/api/v1/feedback/questions";

/** Say what one thinks of an answer; empty takes it back. */
export function useGiveFeedback(conversationId: string, turnId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: FeedbackRequest) =>
      unwrap(
        api.PUT("/api/v1/conversations/{conversation_id}/turns/{turn_id}/feedback", {
          params: { path: { conversation_id: conversationId, turn_id: turnId } },
          body,
        }),
      ),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: conversationKey(conversationId) }),
        queries.invalidateQueries({ queryKey: FEEDBACK }),
      ]),
  });
}

/** Everybody's feedback, newest first; for editors. */
export function useFeedback(limit: number) {
  return useQuery({
    queryKey: [...FEEDBACK, limit],
    queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/feedback", { params: { query: { limit } }, signal }))).entries,
  });
}
