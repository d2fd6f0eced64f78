import type { KbDocument } from "@/api/types";

import { isInProgress, unreadPages } from "./document-list";

export type StateFilter = "all" | "ready" | "doubtful" | "progress" | "paused" | "failed";
export type SortBy = "name" | "added" | "size";
export type Filter = { text: string; state: StateFilter; format: string; folder: string; tag: string };

/** Everything; an empty string filters nothing. */
export const NO_FILTER: Filter = { text: "", state: "all", format: "", folder: "", tag: "" };

/** The documents that match, in order. A folder stands for all that lies below it. */
export function selectDocuments(documents: readonly KbDocument[], filter: Filter, by: SortBy, language: string): KbDocument[] {
  const words = filter.text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const found = documents.filter(
    (document) =>
      isInState(document, filter.state) &&
      (!filter.format || formatOf(document) === filter.format) &&
      (!filter.folder || document.folder === filter.folder || document.folder.startsWith(`${filter.folder}/`)) &&
      (!filter.tag || document.tags.includes(filter.tag)) &&
      (words.length === 0 || holds(document, words)),
  );
  const collator = new Intl.Collator(language, { numeric: true });
  const byName = (left: KbDocument, right: KbDocument) =>
    collator.compare(left.folder, right.folder) || collator.compare(left.name, right.name) || left.id.localeCompare(right.id);
  return found.sort((left, right) => {
    if (by === "added") return left.created_at === right.created_at ? byName(left, right) : left.created_at < right.created_at ? 1 : -1;
    if (by === "size") return right.file_bytes - left.file_bytes || byName(left, right);
    return byName(left, right);
  });
}

/** What may be chosen among: folders with all above them, tags and formats, in order. */
export function choicesOf(documents: readonly KbDocument[], language: string): { folders: string[]; tags: string[]; formats: string[] } {
  const folders = new Set<string>();
  const tags = new Set<string>();
  const formats = new Set<string>();
  for (const document of documents) {
    const parts = document.folder.split("/").filter(Boolean);
    for (let depth = 1; depth <= parts.length; depth++) folders.add(parts.slice(0, depth).join("/"));
    for (const tag of document.tags) tags.add(tag);
    formats.add(formatOf(document));
  }
  formats.delete("");
  const collator = new Intl.Collator(language, { numeric: true });
  const sorted = (set: ReadonlySet<string>) => [...set].sort((left, right) => collator.compare(left, right));
  return { folders: sorted(folders), tags: sorted(tags), formats: sorted(formats) };
}

/** The format as it was read, or as the name says before that. */
function formatOf(document: KbDocument): string {
  return document.format || (/\.([a-z0-9]{1,8})$/i.exec(document.name)?.[1]?.toLowerCase() ?? "");
}

function isInState(document: KbDocument, state: StateFilter): boolean {
  switch (state) {
    case "all":
      return true;
    case "ready":
      return document.state === "ready";
    case "doubtful":
      return document.state === "ready" && (unreadPages(document) > 0 || document.warnings.length > 0);
    case "progress":
      return isInProgress(document.state);
    case "paused":
    case "failed":
      return document.state === state;
  }
}

function holds(document: KbDocument, words: readonly string[]): boolean {
  const text = [document.folder, document.name, document.title, ...document.tags].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The selection after a click on a row: with Shift everything between it and the row clicked before. */
export function toggled(selected: ReadonlySet<string>, order: readonly string[], id: string, before: string | null, withShift: boolean): Set<string> {
  const next = new Set(selected);
  const from = before === null ? -1 : order.indexOf(before);
  const to = order.indexOf(id);
  const range = withShift && from >= 0 && to >= 0 ? order.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
  const add = !selected.has(id);
  for (const one of range) {
    if (add) next.add(one);
    else next.delete(one);
  }
  return next;
}
