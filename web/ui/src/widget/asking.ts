import { useEffect, useReducer, useRef } from "react";

import { ApiError } from "@/api/errors";
import { newTurn, reduceTurn, type TurnEvent, type TurnView } from "@/features/answer/turn";
import { turnEvents } from "@/features/answer/stream";

const MOST_TURNS_TOLD = 6;
const MOST_ANSWER_CHARACTERS = 20_000;

type Told = { question: string; answer: string };
type Step = { kind: "asked"; question: string } | { kind: "event"; event: TurnEvent; at: number };

export function stepped(turns: readonly TurnView[], step: Step): TurnView[] {
  if (step.kind === "asked") return [...turns, { ...newTurn(step.question), number: turns.length + 1, id: String(turns.length + 1) }];
  const last = turns.at(-1);
  return last ? [...turns.slice(0, -1), reduceTurn(last, step.event, step.at)] : [...turns];
}

/** What the next question is asked after: the server keeps nothing of this chat. */
export function told(turns: readonly TurnView[]): Told[] {
  return turns
    .filter((turn) => turn.phase === "done" && turn.answer !== "")
    .slice(-MOST_TURNS_TOLD)
    .map(({ question, answer }) => ({ question, answer: answer.slice(0, MOST_ANSWER_CHARACTERS) }));
}

export function useAsking(id: string, token: string) {
  const [turns, step] = useReducer(stepped, []);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const ask = async (question: string) => {
    const controller = new AbortController();
    abort.current = controller;
    const take = (event: TurnEvent) => step({ kind: "event", event, at: performance.now() });
    step({ kind: "asked", question });
    try {
      const request = {
        method: "POST",
        credentials: "omit" as const,
        headers: { "Content-Type": "application/json", Accept: "text/event-stream", ...(token && { Authorization: `Bearer ${token}` }) },
        body: JSON.stringify({ question, history: told(turns) }),
        signal: controller.signal,
      };
      for await (const event of turnEvents(`/api/v1/widgets/${encodeURIComponent(id)}/answers`, request)) take(event);
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError(0, "error", String(error));
      take({ type: "error", code: known.code, message: known.message });
    }
  };
  const stop = () => {
    abort.current?.abort();
    step({ kind: "event", event: { type: "error", code: "stopped", message: "" }, at: performance.now() });
  };
  return { turns, ask, stop };
}
