import { describe, expect, it } from "vitest";

import type { ContextPlan } from "@/api/types";

import { planSegments } from "./plan";

const plan: ContextPlan = {
  window: 1000,
  room: 600,
  reasoning_reserve: 300,
  answer_reserve: 100,
  prompt_tokens: 200,
  counted_by: "server",
  parts: [
    { name: "rules", tokens: 50, items: 1 },
    { name: "passages", tokens: 150, items: 3 },
  ],
  dropped: [],
  summary: null,
  placed: [],
};

describe("the window's segments", () => {
  it("fill the window from the rules to the answer's room", () => {
    const segments = planSegments(plan);
    expect(segments.map(({ name }) => name)).toEqual(["rules", "passages", "free", "reasoning", "answer"]);
    expect(segments.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(segments.find(({ name }) => name === "free")?.tokens).toBe(400);
  });

  it("leave out what has no tokens", () => {
    expect(planSegments({ ...plan, reasoning_reserve: 0 }).some(({ name }) => name === "reasoning")).toBe(false);
  });
});
