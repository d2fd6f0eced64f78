import { describe, expect, it } from "vitest";

import { EVERYTHING, exportAddress, outcomeOf, queryOf } from "./audit-filter";

describe("the audit's filter", () => {
  it("includes the last day", () => {
    const { since, until } = queryOf({ ...EVERYTHING, since: "2026-11-24", until: "2026-11-24" });
    expect(Date.parse(until!) - Date.parse(since!)).toBe(24 * 3600 * 1000);
  });

  it("goes into the export's address, and nothing that was not given", () => {
    expect(exportAddress({ ...EVERYTHING, user: "a+b@x" }, "csv")).toBe("/api/v1/audit-events/export?format=csv&user=a%2Bb%40x");
  });

  it("knows outcomes by status", () => {
    expect([204, 302, 403, 503].map(outcomeOf)).toEqual(["done", "done", "refused", "failed"]);
  });
});
