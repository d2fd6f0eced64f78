import { isRecord } from "@/api/errors";

import type { TurnEvent } from "./turn";

const KNOWN: ReadonlySet<string> = new Set<TurnEvent["type"]>([
  "turn",
  "notice",
  "sources",
  "queued",
  "reasoning",
  "answer",
  "citation",
  "flag",
  "plan",
  "usage",
  "done",
  "error",
]);

/** The event in a server-sent message; null for one that a newer server may send and this page does not know. */
export function parseTurnEvent(name: string | undefined, data: string): TurnEvent | null {
  let body: unknown;
  try {
    body = JSON.parse(data);
  } catch {
    return null;
  }
  const type = name ?? (isRecord(body) ? body.type : undefined);
  if (!isRecord(body) || typeof type !== "string" || !KNOWN.has(type)) return null;
  return { ...body, type } as TurnEvent;
}
