export type Outcome = "" | "done" | "refused" | "failed";

/** Which events; an empty field admits all. `since` and `until` are days as YYYY-MM-DD, the last one included. */
export type AuditFilter = {
  user: string;
  action: string;
  object: string;
  outcome: Outcome;
  since: string;
  until: string;
}

export const EVERYTHING: AuditFilter = { user: "", action: "", object: "", outcome: "", since: "", until: "" };

/** Where the same events are to be had as a file. */
export function exportAddress(filter: AuditFilter, format: "csv" | "jsonl"): string {
  const given = Object.entries(queryOf(filter)).filter(([, value]) => value);
  return `/api/v1/audit-events/export?${new URLSearchParams([["format", format], ...(given as [string, string][])]).toString()}`;
}

/** The reader's days as moments. */
export function queryOf(filter: AuditFilter) {
  return {
    user: filter.user,
    action: filter.action,
    object_id: filter.object,
    result: filter.outcome,
    since: filter.since ? new Date(`${filter.since}T00:00:00`).toISOString() : undefined,
    until: filter.until ? dayAfter(filter.until) : undefined,
  };
}

function dayAfter(day: string): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + 1);
  return date.toISOString();
}

export function outcomeOf(status: number): Exclude<Outcome, ""> {
  return status < 400 ? "done" : status < 500 ? "refused" : "failed";
}
