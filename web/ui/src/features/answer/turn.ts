import type { Citation, ContextPlan, Feedback, Flag, Notice, Source, Turn, TurnStreamEvent, Usage } from "@/api/types";

/** What the reader sees of a turn: the server's Turn and, while it is made, how far it has come. */
export type TurnPhase = "searching" | "thinking" | "answering" | "done" | "failed" | "stopped";

export type TurnView = {
  id: string;
  number: number;
  phase: TurnPhase;
  question: string;
  query: string;
  reasoning: string;
  /** Seconds the model thought; null while it still does or did not. */
  reasoningSeconds: number | null;
  reasoningStartedAt: number | null;
  answer: string;
  answerer: "model" | "extractive" | "";
  model: string;
  abstained: boolean;
  sources: Source[];
  citations: Citation[];
  flags: Flag[];
  usage: Usage | null;
  plan: ContextPlan | null;
  notices: Notice[];
  feedback: Feedback | null;
  error: { code: string; message: string } | null;
  /** Who waits for a place at the model: 1 comes next; null when nobody has to wait. */
  queuePosition: number | null;
};

/** An event of the stream, as the server sends it. */
export type TurnEvent = TurnStreamEvent;

export function newTurn(question: string): TurnView {
  return {
    id: "",
    number: 0,
    phase: "searching",
    question,
    query: "",
    reasoning: "",
    reasoningSeconds: null,
    reasoningStartedAt: null,
    answer: "",
    answerer: "",
    model: "",
    abstained: false,
    sources: [],
    citations: [],
    flags: [],
    usage: null,
    plan: null,
    notices: [],
    feedback: null,
    error: null,
    queuePosition: null,
  };
}

/** The turn after one event. `at`: milliseconds, from any clock that only moves forward. */
export function reduceTurn(turn: TurnView, event: TurnEvent, at: number): TurnView {
  if (isOver(turn)) return turn;
  switch (event.type) {
    case "turn":
      return { ...turn, id: event.id, number: event.number };
    case "notice":
      return { ...turn, notices: [...turn.notices, { code: event.code, message: event.message }] };
    case "sources":
      return { ...turn, query: event.query, sources: event.sources, answerer: event.answerer, model: event.model };
    case "reasoning":
      return {
        ...turn,
        phase: turn.phase === "answering" ? "answering" : "thinking",
        reasoning: turn.reasoning + event.text,
        reasoningStartedAt: turn.reasoningStartedAt ?? at,
      };
    case "answer":
      return { ...thoughtUntil(turn, at), phase: "answering", answer: turn.answer + event.text };
    case "citation":
      return { ...turn, citations: [...turn.citations, event.citation] };
    case "flag":
      return { ...turn, flags: [...turn.flags, event.flag] };
    case "queued":
      return { ...turn, queuePosition: event.position };
    case "plan":
      return { ...turn, plan: event.plan };
    case "usage":
      return { ...turn, usage: event.usage };
    case "done":
      return {
        ...thoughtUntil(turn, at),
        phase: "done",
        answer: event.answer,
        abstained: event.abstained,
        answerer: event.answerer,
        citations: event.citations,
        flags: event.flags ?? [],
      };
    case "error":
      return event.code === "stopped"
        ? { ...thoughtUntil(turn, at), phase: "stopped" }
        : { ...thoughtUntil(turn, at), phase: "failed", error: { code: event.code, message: event.message } };
  }
}

function thoughtUntil(turn: TurnView, at: number): TurnView {
  if (turn.reasoningStartedAt === null || turn.reasoningSeconds !== null) return turn;
  return { ...turn, reasoningSeconds: (at - turn.reasoningStartedAt) / 1000 };
}

export function isOver(turn: TurnView): boolean {
  return turn.phase === "done" || turn.phase === "failed" || turn.phase === "stopped";
}

/** The view of a turn that the server keeps. */
export function viewOfTurn(turn: Turn): TurnView {
  return {
    id: turn.id,
    number: turn.number,
    phase: turn.state === "answering" ? (turn.answer ? "answering" : turn.reasoning ? "thinking" : "searching") : turn.state,
    question: turn.question,
    query: turn.query,
    reasoning: turn.reasoning,
    reasoningSeconds: turn.reasoning ? turn.reasoning_seconds : null,
    reasoningStartedAt: null,
    answer: turn.answer,
    answerer: turn.answerer,
    model: turn.model,
    abstained: turn.abstained,
    sources: turn.sources,
    citations: turn.citations,
    flags: turn.flags ?? [],
    usage: turn.usage,
    plan: turn.plan ?? null,
    notices: turn.notices ?? [],
    feedback: turn.feedback ?? null,
    error: turn.state === "failed" ? { code: "", message: turn.error } : null,
    queuePosition: null,
  };
}
