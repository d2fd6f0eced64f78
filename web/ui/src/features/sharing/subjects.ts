import type { Level, Subject } from "@/api/types";

export const EVERYONE: Subject = { kind: "everyone", id: "", name: "" };
export const LEVELS: Level[] = ["reader", "editor", "manager"];

/** Kind and id: an id alone would do, but everyone has none. */
export function keyOf({ kind, id }: Pick<Subject, "kind" | "id">): string {
  return `${kind}:${id}`;
}

/** Those of `found` that are not `taken` yet, with everyone before them where that makes sense. */
export function choices(found: readonly Subject[], taken: readonly Subject[], withEveryone: boolean): Subject[] {
  const known = new Set(taken.map(keyOf));
  return [...(withEveryone ? [EVERYONE] : []), ...found].filter((subject) => !known.has(keyOf(subject)));
}
