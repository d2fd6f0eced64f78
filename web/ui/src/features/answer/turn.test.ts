import { describe, expect, it } from "vitest";

import { citation, source } from "./testing";
import { isOver, newTurn, reduceTurn, viewOfTurn, type TurnEvent, type TurnView } from "./turn";

function after(events: readonly [TurnEvent, number][]): TurnView {
  return events.reduce((turn, [event, at]) => reduceTurn(turn, event, at), newTurn("Why?"));
}

const SOURCES: TurnEvent = { type: "sources", query: "why", sources: [source(1)], answerer: "model", model: "R1" };
const DONE: TurnEvent = { type: "done", answer: "So. [1]", abstained: false, answerer: "model", citations: [citation(1, 0, 7)] };

describe("a turn", () => {
  it("goes from searching over thinking and answering to done", () => {
    const phases: string[] = [];
    let turn = newTurn("Why?");
    const events: TurnEvent[] = [
      { type: "turn", id: "t", number: 3 },
      SOURCES,
      { type: "reasoning", text: "Let me " },
      { type: "reasoning", text: "see." },
      { type: "answer", text: "So. " },
      { type: "answer", text: "[1]" },
      DONE,
    ];
    for (const [at, event] of events.entries()) {
      turn = reduceTurn(turn, event, at * 1000);
      phases.push(turn.phase);
    }
    expect(phases).toEqual(["searching", "searching", "thinking", "thinking", "answering", "answering", "done"]);
    expect(turn).toMatchObject({ id: "t", number: 3, query: "why", reasoning: "Let me see.", answer: "So. [1]", model: "R1" });
  });

  it("thought from its first reasoning until the answer began", () => {
    const turn = after([
      [SOURCES, 1000],
      [{ type: "reasoning", text: "a" }, 2000],
      [{ type: "reasoning", text: "b" }, 5000],
      [{ type: "answer", text: "x" }, 9500],
      [{ type: "answer", text: "y" }, 20000],
    ]);
    expect(turn.reasoningSeconds).toBe(7.5);
  });

  it("did not think where no reasoning came", () => {
    expect(after([[SOURCES, 0], [{ type: "answer", text: "x" }, 10], [DONE, 20]]).reasoningSeconds).toBeNull();
  });

  it("collects citations as they are checked, and ends with those that the server says", () => {
    const streamed = after([
      [SOURCES, 0],
      [{ type: "citation", citation: citation(1, 0, 3, "unsupported") }, 1],
    ]);
    expect(streamed.citations).toHaveLength(1);
    expect(reduceTurn(streamed, DONE, 2).citations).toEqual([citation(1, 0, 7)]);
  });

  it("keeps what was said when it is stopped or fails", () => {
    const said: [TurnEvent, number][] = [[SOURCES, 0], [{ type: "answer", text: "Half" }, 1]];
    const stopped = after([...said, [{ type: "error", code: "stopped", message: "" }, 2]]);
    expect(stopped).toMatchObject({ phase: "stopped", answer: "Half", error: null });
    const failed = after([...said, [{ type: "error", code: "model_unavailable", message: "gone" }, 2]]);
    expect(failed).toMatchObject({ phase: "failed", answer: "Half", error: { code: "model_unavailable", message: "gone" } });
  });

  it("is not changed by anything after its end", () => {
    const done = after([[SOURCES, 0], [DONE, 1]]);
    expect(reduceTurn(done, { type: "error", code: "connection_lost", message: "" }, 2)).toBe(done);
    expect(reduceTurn(done, { type: "answer", text: "more" }, 2)).toBe(done);
  });

  it("never changes the value that it was made from", () => {
    const before = Object.freeze(newTurn("Why?"));
    reduceTurn(before, { type: "reasoning", text: "x" }, 0);
    expect(before.reasoning).toBe("");
  });
});

describe("a turn that the server keeps", () => {
  const kept = {
    id: "t", number: 1, state: "done" as const, question: "Why?", query: "why", reasoning: "Hm.", reasoning_seconds: 4, answer: "So.",
    answerer: "model" as const, model: "R1", abstained: false, sources: [], citations: [], usage: null, error: "", created_at: "2026-01-01T00:00:00Z", is_withheld: false,
  };

  it("looks like the one that was streamed", () => {
    expect(viewOfTurn(kept)).toMatchObject({ phase: "done", answer: "So.", reasoningSeconds: 4 });
  });

  it("is not over while it is answered elsewhere", () => {
    expect(isOver(viewOfTurn({ ...kept, state: "answering" }))).toBe(false);
    expect(viewOfTurn({ ...kept, state: "answering", answer: "" }).phase).toBe("thinking");
    expect(viewOfTurn({ ...kept, state: "failed", error: "broke" }).error?.message).toBe("broke");
  });
});
