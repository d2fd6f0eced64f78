import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

/** What the source panel shows. It lives in the address, so that Back closes it and a link opens it again. */
export type SourceTarget = {
  documentId: string;
  /** The version that an answer cites; null: the one in use. */
  versionId: string | null;
  /** Characters to highlight, in code points of the version's text. */
  range: { start: number; end: number } | null;
  /** The number under which an answer cites it. */
  number: number | null;
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
  return parameters;
}

function numberOf(text: string | null): number | null {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : null;
}

export function useSourceTarget() {
  const [parameters, setParameters] = useSearchParams();
  const target = useMemo(() => readTarget(parameters), [parameters]);
  const isOpen = target !== null;
  const open = useCallback(
    (next: SourceTarget) => setParameters(writeTarget(next), { replace: isOpen }),
    [setParameters, isOpen],
  );
  const close = useCallback(() => setParameters({}, { replace: true }), [setParameters]);
  return { target, open, close };
}
