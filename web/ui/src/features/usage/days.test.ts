import { describe, expect, it } from "vitest";

import type { UsageSum } from "@/api/types";

import { dayBefore, tokensByDay } from "./days";

const today = new Date("2026-03-01T23:30:00Z");

function sum(day: string): UsageSum {
  return { day, user: "", api_key: "", department: "", model: "", calls: 1, prompt_tokens: 100, cached_tokens: 60, reasoning_tokens: 5, answer_tokens: 7, counted_here: 0, cost: 0 };
}

describe("tokens by day", () => {
  it("counts days in UTC, over the end of a month", () => {
    expect(dayBefore(1, today)).toBe("2026-02-28");
  });

  it("has an entry for each day, and tells cached from other prompt tokens", () => {
    const days = tokensByDay([sum("2026-02-28")], 3, today);
    expect(days.map((day) => day.day)).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
    expect(days[1]).toEqual({ day: "2026-02-28", cached: 60, prompt: 40, reasoning: 5, answer: 7 });
    expect(days[2]).toMatchObject({ cached: 0, prompt: 0 });
  });
});
