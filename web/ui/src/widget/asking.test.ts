import { describe, expect, it, vi } from "vitest";

import type { TurnView } from "@/features/answer/turn";

vi.stubGlobal("window", { location: { origin: "https://kb.example.edu" } });
const { stepped, told } = await import("./asking");

const done = (question: string, answer: string): TurnView[] =>
  stepped(stepped([], { kind: "asked", question }), {
    kind: "event",
    event: { type: "done", answer, abstained: false, answerer: "model", citations: [] },
    at: 1,
  });

describe("an embedded chat", () => {
  it("shows a question at once and its answer as it comes", () => {
    const asked = stepped([], { kind: "asked", question: "Why?" });
    expect(asked.map((turn) => [turn.question, turn.phase])).toEqual([["Why?", "searching"]]);
    const answering = stepped(asked, { kind: "event", event: { type: "answer", text: "So." }, at: 1 });
    expect(answering[0]!.answer).toBe("So.");
  });

  it("tells the next question what was said before, finished answers only, and no more than fits", () => {
    const one = done("Why?", "x".repeat(30_000));
    expect(told(one)[0]!.answer).toHaveLength(20_000);
    expect(told(stepped(one, { kind: "asked", question: "And?" }))).toHaveLength(1);
    expect(told(Array.from({ length: 9 }, () => one[0]!))).toHaveLength(6);
  });
});
