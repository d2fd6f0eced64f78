import { useSyncExternalStore } from "react";

import { api } from "@/api/client";
import { ApiError } from "@/api/errors";

import { streamTurn, type TurnRequest } from "./stream";
import { isOver, newTurn, reduceTurn, type TurnEvent, type TurnView } from "./turn";

/**
 * Answers being made, by conversation. They live outside of the components, so that looking at another conversation
 * does not end them.
 */
type LiveTurn = { view: TurnView; abort: AbortController };

const turns = new Map<string, LiveTurn>();
/** What the components see: a copy taken at each notice, so that all of them draw the same moment. */
let published: ReadonlyMap<string, TurnView> = new Map();
const listeners = new Set<() => void>();
let notice: ReturnType<typeof setTimeout> | null = null;

// Tokens come faster than a page needs to be drawn: tell the components at most 25 times a second.
const NOTICE_MS = 40;
const STOP_PATIENCE_MS = 4000;

function changed(): void {
  notice ??= setTimeout(publish, NOTICE_MS);
}

function publish(): void {
  if (notice !== null) clearTimeout(notice);
  notice = null;
  published = new Map([...turns].map(([id, live]) => [id, live.view]));
  for (const listener of listeners) listener();
}

function apply(conversationId: string, abort: AbortController, event: TurnEvent): void {
  const live = turns.get(conversationId);
  if (live?.abort !== abort) return;
  turns.set(conversationId, { abort, view: reduceTurn(live.view, event, performance.now()) });
  changed();
}

/**
 * Ask in a conversation; resolves when the answer is over, well or not, with a function that forgets it once the
 * server's own record of it is shown.
 */
export async function ask(conversationId: string, request: TurnRequest): Promise<() => void> {
  const abort = new AbortController();
  turns.set(conversationId, { view: newTurn(request.question), abort });
  publish();
  try {
    for await (const event of streamTurn(conversationId, request, abort.signal)) apply(conversationId, abort, event);
    apply(conversationId, abort, abort.signal.aborted ? STOPPED : LOST);
  } catch (error) {
    const failure = error instanceof ApiError ? error : new ApiError(0, "error", String(error));
    apply(conversationId, abort, { type: "error", code: failure.code, message: failure.message });
  }
  return () => {
    // A next question may have been asked since.
    if (turns.get(conversationId)?.abort !== abort) return;
    turns.delete(conversationId);
    changed();
  };
}

const STOPPED: TurnEvent = { type: "error", code: "stopped", message: "" };
/** Has no effect after `done` or `error`: the stream of a whole answer ends with one of them. */
const LOST: TurnEvent = { type: "error", code: "connection_lost", message: "" };

/** Stop the generation on the server; what was said until then is kept there. */
export async function stop(conversationId: string): Promise<void> {
  const live = turns.get(conversationId);
  if (!live || isOver(live.view)) return;
  const giveUp = setTimeout(() => live.abort.abort(), live.view.id ? STOP_PATIENCE_MS : 0);
  live.abort.signal.addEventListener("abort", () => clearTimeout(giveUp));
  if (!live.view.id) return;
  await api.DELETE("/api/v1/conversations/{conversation_id}/turns/{turn_id}/generation", {
    params: { path: { conversation_id: conversationId, turn_id: live.view.id } },
  });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLiveTurn(conversationId: string | undefined): TurnView | null {
  return useSyncExternalStore(subscribe, () => (conversationId ? (published.get(conversationId) ?? null) : null));
}
