import { describe, expect, it } from "vitest";

import type { KbDocument } from "@/api/types";

import { choicesOf, NO_FILTER, selectDocuments, toggled, type Filter } from "./document-filter";
import { documentOf } from "./testing";

const documents: KbDocument[] = [
  documentOf("a", { name: "第10条.pdf", folder: "规章/2024", tags: ["教务"], file_bytes: 5 }),
  documentOf("b", { name: "第2条.pdf", folder: "规章/2024", state: "failed", file_bytes: 9 }),
  documentOf("c", { name: "notes.docx", format: "docx", folder: "规章/2024草案", title: "Minutes of May", created_at: "2027-01-01T00:00:00Z" }),
  documentOf("d", { name: "scan.pdf", coverage_counts: { text: 1, ocr: 0, empty: 0, failed: 2 }, tags: ["a b"] }),
];
const found = (filter: Partial<Filter>, by: "name" | "added" | "size" = "name") =>
  selectDocuments(documents, { ...NO_FILTER, ...filter }, by, "zh").map(({ id }) => id);

describe("the documents that are shown", () => {
  it("lie in the folder or below it, not beside it", () => {
    expect(found({ folder: "规章" })).toEqual(["b", "a", "c"]);
    expect(found({ folder: "规章/2024" })).toEqual(["b", "a"]);
  });

  it("hold every word, in name, folder, title or tags", () => {
    expect(found({ text: "MINUTES 2024" })).toEqual(["c"]);
    expect(found({ text: "教务" })).toEqual(["a"]);
    expect(found({ text: "minutes scan" })).toEqual([]);
  });

  it("are those in a state, of a format, with a tag", () => {
    expect(found({ state: "failed" })).toEqual(["b"]);
    expect(found({ state: "doubtful" })).toEqual(["d"]);
    expect(found({ format: "docx" })).toEqual(["c"]);
    expect(found({ tag: "a b" })).toEqual(["d"]);
  });

  it("stand in the order of numbers, of time, of size", () => {
    expect(found({})).toEqual(["d", "b", "a", "c"]);
    expect(found({}, "added")[0]).toBe("c");
    expect(found({}, "size").slice(0, 2)).toEqual(["b", "a"]);
  });
});

describe("a large knowledge base", () => {
  it("is filtered and sorted within a blink", () => {
    const many = Array.from({ length: 10_000 }, (_, n) => documentOf(`d${n}`, { name: `第${(n * 7919) % 10_000}号文件.pdf`, folder: `规章/${n % 40}` }));
    const began = performance.now();
    expect(selectDocuments(many, { ...NO_FILTER, text: "号" }, "name", "zh")).toHaveLength(10_000);
    choicesOf(many, "zh");
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe("what can be chosen", () => {
  it("are the folders with those above them, the tags and the formats", () => {
    expect(choicesOf(documents, "zh")).toEqual({ folders: ["规章", "规章/2024", "规章/2024草案"], tags: expect.arrayContaining(["教务", "a b"]) as string[], formats: ["docx", "pdf"] });
  });
});

describe("selecting", () => {
  const order = ["a", "b", "c", "d"];
  it("takes one, or with Shift all from the one before", () => {
    expect([...toggled(new Set(["a"]), order, "c", "a", false)]).toEqual(["a", "c"]);
    expect([...toggled(new Set(["a"]), order, "d", "b", true)].sort()).toEqual(["a", "b", "c", "d"]);
    expect([...toggled(new Set(order), order, "b", "d", true)]).toEqual(["a"]);
  });
});
