import { EventSourceParserStream } from "eventsource-parser/stream";

import { CSRF_HEADERS, reportSignedOut } from "@/api/client";
import { ApiError, apiError } from "@/api/errors";

import type { TurnEvent } from "./turn";
import { parseTurnEvent } from "./turn-events";

export type TurnRequest = {
  question: string;
  thinking: boolean;
  web_search: boolean;
  model: string;
  /** null: those that the conversation asked last. */
  knowledge_base_ids: string[] | null;
};

/** Ask, and yield the answer's events as they arrive. Throws ApiError; ends when the server ends the stream. */
export function streamTurn(conversationId: string, request: TurnRequest, signal: AbortSignal): AsyncGenerator<TurnEvent> {
  return turnEvents(`/api/v1/conversations/${encodeURIComponent(conversationId)}/turns`, {
    method: "POST",
    headers: { ...CSRF_HEADERS, "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify({ ...request, stream: true }),
    signal,
  });
}

/** Yield the events of the stream that a request is answered with. Throws ApiError. */
export async function* turnEvents(path: string, request: RequestInit & { signal: AbortSignal }): AsyncGenerator<TurnEvent> {
  const { signal } = request;
  let response: Response;
  try {
    response = await fetch(path, request);
  } catch (cause) {
    if (signal.aborted) return;
    throw new ApiError(0, "unreachable", String(cause));
  }
  if (response.status === 401) reportSignedOut();
  if (!response.ok || !response.body) throw apiError(response.status, await response.json().catch(() => null));
  const messages = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = messages.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const event = parseTurnEvent(value.event, value.data);
      if (event) yield event;
    }
  } catch (cause) {
    if (!signal.aborted) throw new ApiError(0, "connection_lost", String(cause));
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}
