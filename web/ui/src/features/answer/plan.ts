import type { ContextPlan } from "@/api/types";

export type PlanSegment = {
  name: ContextPlan["parts"][number]["name"] | "reasoning" | "answer" | "free";
  tokens: number;
  items: number;
  /** Of the window, 0 to 1. */
  share: number;
};

/** The window from front to back: the prompt's parts, what is free, and the room kept for reasoning and answer. */
export function planSegments(plan: ContextPlan): PlanSegment[] {
  const kept = [
    { name: "reasoning" as const, tokens: plan.reasoning_reserve, items: 0 },
    { name: "answer" as const, tokens: plan.answer_reserve, items: 0 },
  ];
  const used = [...plan.parts, ...kept].reduce((sum, { tokens }) => sum + tokens, 0);
  const free = { name: "free" as const, tokens: Math.max(0, plan.window - used), items: 0 };
  const whole = Math.max(plan.window, used, 1);
  return [...plan.parts, free, ...kept].filter(({ tokens }) => tokens > 0).map((part) => ({ ...part, share: part.tokens / whole }));
}
