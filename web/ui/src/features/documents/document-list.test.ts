import { describe, expect, it } from "vitest";

import { actionsFor, applyDocumentEvent, isQuietlyReady, needsPassword, ownTitle, progressOf } from "./document-list";
import { documentOf as document } from "./testing";

describe("the list of documents", () => {
  it("has each document once, the newest first", () => {
    const old = document("old");
    const fresh = document("new", { created_at: "2026-02-01T00:00:00Z" });
    let list = applyDocumentEvent([], { type: "snapshot", documents: [old, fresh] });
    expect(list.map(({ id }) => id)).toEqual(["new", "old"]);
    list = applyDocumentEvent(list, { type: "document", document: { ...old, state: "failed" } });
    expect(list.map(({ id, state }) => [id, state])).toEqual([
      ["new", "ready"],
      ["old", "failed"],
    ]);
    expect(applyDocumentEvent(list, { type: "deleted", id: "new" }).map(({ id }) => id)).toEqual(["old"]);
  });

  it("is what the last snapshot says", () => {
    expect(applyDocumentEvent([document("gone")], { type: "snapshot", documents: [] })).toEqual([]);
  });
});

describe("a document", () => {
  it("tells how far it has come in its own unit", () => {
    expect(progressOf(document("a", { state: "parsing", pages_done: 12, pages_total: 80 }))).toEqual({ done: 12, total: 80, unit: "page" });
    expect(progressOf(document("a", { state: "embedding", chunks_done: 3, chunks_total: 9 }))).toEqual({ done: 3, total: 9, unit: "passage" });
    expect(progressOf(document("a", { state: "parsing" }))).toBeNull();
    expect(progressOf(document("a", { state: "ready", pages_total: 80 }))).toBeNull();
  });

  it("that rests tells how far it had come, and can only go on or end", () => {
    expect(progressOf(document("a", { state: "paused", pages_done: 2, pages_total: 8 }))).toEqual({ done: 2, total: 8, unit: "page" });
    expect(progressOf(document("a", { state: "paused", pages_done: 8, pages_total: 8, chunks_done: 1, chunks_total: 4 }))?.unit).toBe("passage");
    expect(actionsFor(document("a", { state: "paused" }))).toEqual({ pause: false, resume: true, cancel: true, reread: false, retry: false });
  });

  it("with pages that could not be read is never quietly ready", () => {
    expect(isQuietlyReady(document("a"))).toBe(true);
    expect(isQuietlyReady(document("a", { coverage_counts: { text: 9, ocr: 0, empty: 0, failed: 1 } }))).toBe(false);
  });

  it("asks for a password only where one helps", () => {
    expect(needsPassword(document("a", { state: "failed", error_code: "password_required" }))).toBe(true);
    expect(needsPassword(document("a", { state: "failed", error_code: "corrupt_file" }))).toBe(false);
  });

  it("shows its title where it says more than the file's name", () => {
    expect(ownTitle({ name: "a.pdf", title: "a" })).toBe("");
    expect(ownTitle({ name: "a.pdf", title: "Regulations" })).toBe("Regulations");
  });
});
