import { useCallback, useMemo } from "react";
import { useLocation, useSearchParams } from "react-router";

import type { PassageEdit } from "@/api/types";

import type { WebPassage } from "./web-page";

/** What the source panel shows. It lives in the address, so that Back closes it and a link opens it again. */
export type SourceTarget = {
  documentId: string;
  /** The version that an answer cites; null: the one in use. */
  versionId: string | null;
  /** Characters to highlight, in code points of the version's text. */
  range: { start: number; end: number } | null;
  /** The number under which an answer cites it. */
  number: number | null;
  /** Shown instead of the original: how it was cut into passages. */
  view?: "passages";
};

/** An edited passage as an answer (or a search) was given it: its words do not stand in the original. */
export type EditedPassage = PassageEdit & {
  /** The editor's words that carry the claim; empty: none in particular. */
  words: string;
  text: string;
};

export function readTarget(parameters: URLSearchParams): SourceTarget | null {
  const documentId = parameters.get("doc");
  if (!documentId) return null;
  const start = numberOf(parameters.get("from"));
  const end = numberOf(parameters.get("to"));
  return {
    documentId,
    versionId: parameters.get("version"),
    range: start !== null && end !== null && end > start ? { start, end } : null,
    number: numberOf(parameters.get("n")),
    ...(parameters.get("view") === "passages" ? { view: "passages" as const } : {}),
  };
}

export function writeTarget(target: SourceTarget): URLSearchParams {
  const parameters = new URLSearchParams({ doc: target.documentId });
  if (target.versionId) parameters.set("version", target.versionId);
  if (target.range) {
    parameters.set("from", String(target.range.start));
    parameters.set("to", String(target.range.end));
  }
  if (target.number !== null) parameters.set("n", String(target.number));
  if (target.view) parameters.set("view", target.view);
  return parameters;
}

function numberOf(text: string | null): number | null {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : null;
}

export function useSourceTarget() {
  const [parameters, setParameters] = useSearchParams();
  const state = useLocation().state as { edited?: EditedPassage; page?: WebPassage } | null;
  const target = useMemo(() => readTarget(parameters), [parameters]);
  const isOpen = target !== null;
  // What was seen of a web page lives in the answer, not at an address of its own: it travels with the history's entry.
  const page = parameters.has("page") ? (state?.page ?? null) : null;
  const open = useCallback(
    // What was edited may be long: it travels with the history's entry, not in the address.
    (next: SourceTarget, edited?: EditedPassage) =>
      setParameters(writeTarget(next), { replace: isOpen || page !== null, state: edited ? { edited } : null }),
    [setParameters, isOpen, page],
  );
  const openPage = useCallback(
    (next: WebPassage) => setParameters({ page: String(next.number) }, { replace: isOpen || page !== null, state: { page: next } }),
    [setParameters, isOpen, page],
  );
  const close = useCallback(() => setParameters({}, { replace: true }), [setParameters]);
  return { target, edited: state?.edited ?? null, page, open, openPage, close };
}
