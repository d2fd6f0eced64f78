import type { UsageSum } from "@/api/types";

/** The UTC day so many days ago, as the server writes it. */
export function dayBefore(days: number, today = new Date()): string {
  return new Date(today.getTime() - days * 86_400_000).toISOString().slice(0, 10);
}

export type DayTokens = { day: string; cached: number; prompt: number; reasoning: number; answer: number };

/** One entry for each day, those without calls too; `prompt` is what did not come from the cache. */
export function tokensByDay(sums: readonly UsageSum[], days: number, today = new Date()): DayTokens[] {
  const known = new Map(sums.map((sum) => [sum.day, sum]));
  return Array.from({ length: days }, (_, index) => {
    const day = dayBefore(days - 1 - index, today);
    const sum = known.get(day);
    return {
      day,
      cached: sum?.cached_tokens ?? 0,
      prompt: (sum?.prompt_tokens ?? 0) - (sum?.cached_tokens ?? 0),
      reasoning: sum?.reasoning_tokens ?? 0,
      answer: sum?.answer_tokens ?? 0,
    };
  });
}
