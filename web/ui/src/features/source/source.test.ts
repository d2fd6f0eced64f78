import { describe, expect, it } from "vitest";

import type { Content, Segment } from "@/api/types";

import { blockOfRange, prepareContent } from "./content";
import { boxesOfPage, firstPage, pictureWidth } from "./pages";
import { buildSheets } from "./sheet";
import { readTarget, writeTarget } from "./target";

describe("the address of a source", () => {
  it("brings back what was opened", () => {
    const target = { documentId: "d", versionId: "v", range: { start: 3, end: 9 }, number: 2 };
    expect(readTarget(writeTarget(target))).toEqual(target);
    const whole = { documentId: "d", versionId: null, range: null, number: null };
    expect(readTarget(writeTarget(whole))).toEqual(whole);
  });

  it("with nonsense in it opens the document without highlight", () => {
    expect(readTarget(new URLSearchParams("doc=d&from=-1&to=abc&n=x"))).toEqual({ documentId: "d", versionId: null, range: null, number: null });
    expect(readTarget(new URLSearchParams("from=1&to=2"))).toBeNull();
  });
});

describe("pages", () => {
  const onPage = (page: number, x0: number, x1: number, y0 = 0.1): Segment => ({
    start: 0,
    end: 1,
    anchor: { type: "page", page, x0, x1, y0, y1: y0 + 0.02, edges: [] },
  });

  it("join neighbours on a line to one box, and keep lines and pages apart", () => {
    const segments = [onPage(2, 0.1, 0.3), onPage(2, 0.31, 0.5), onPage(2, 0.1, 0.4, 0.13), onPage(3, 0.1, 0.2)];
    expect(boxesOfPage(segments, 2)).toEqual([
      { x0: 0.1, x1: 0.5, y0: 0.1, y1: expect.closeTo(0.12) as number },
      { x0: 0.1, x1: 0.4, y0: 0.13, y1: expect.closeTo(0.15) as number },
    ]);
    expect(firstPage(segments)).toBe(2);
    expect(firstPage([])).toBeNull();
  });

  it("keep two columns of one line apart", () => {
    expect(boxesOfPage([onPage(1, 0.1, 0.4), onPage(1, 0.6, 0.9)], 1)).toHaveLength(2);
  });

  it("are asked for in few sizes", () => {
    expect(pictureWidth(500, 1)).toBe(800);
    expect(pictureWidth(500, 2)).toBe(1200);
    expect(pictureWidth(9000, 2)).toBe(3200);
  });
});

function content(text: string, blocks: Content["blocks"]): Content {
  return { document_id: "d", version_id: "v", format: "xlsx", title: "", text, blocks, pages: [] };
}

const cell = (text: string, whole: string, address: string, from = 0): Segment => {
  const at = [...whole.slice(0, whole.indexOf(text, from))].length;
  return { start: at, end: at + [...text].length, anchor: { type: "cell", sheet: "Budget", cell: address } };
};

describe("a sheet", () => {
  const text = "| 院系 | 𠮷 | Travel |\n| --- | --- | --- |\n| Physics | 120500 | 8300 |";
  const block = {
    kind: "table" as const,
    start: 0,
    end: [...text].length,
    level: 0,
    header_rows: 2,
    segments: [
      cell("院系", text, "A1"),
      cell("𠮷", text, "B1"),
      cell("Travel", text, "C1"),
      cell("Physics", text, "A2"),
      cell("120500", text, "B2"),
      cell("8300", text, "C2"),
    ],
  };

  it("has its cells at their addresses and marks the cited ones", () => {
    const prepared = prepareContent(content(text, [block]));
    const cited = text.indexOf("120500");
    const [sheet] = buildSheets(prepared, { start: cited, end: cited + 6 });
    expect(sheet).toMatchObject({ name: "Budget", lastRow: 2, lastColumn: 3, highlighted: { row: 2, column: 2 } });
    expect(sheet!.rows.get(1)!.get(2)).toEqual({ text: "𠮷", isHeader: true, isHighlighted: false });
    expect(sheet!.rows.get(2)!.get(2)).toEqual({ text: "120500", isHeader: false, isHighlighted: true });
    expect(sheet!.rows.get(2)!.get(3)!.isHighlighted).toBe(false);
  });

  it("divides a row that stands under one address", () => {
    const row = "|  | b \\| c | d |";
    const whole = { ...block, start: 0, end: row.length, header_rows: 0, segments: [{ start: 0, end: row.length, anchor: { type: "cell" as const, sheet: "S", cell: "C7:D7" } }] };
    const [sheet] = buildSheets(prepareContent(content(row, [whole])), null);
    expect([...sheet!.rows.get(7)!.entries()].map(([column, { text: shown }]) => [column, shown])).toEqual([
      [3, "b | c"],
      [4, "d"],
    ]);
  });
});

describe("the reader", () => {
  it("finds the block that holds the cited characters", () => {
    const paragraph = (start: number, end: number) => ({ kind: "paragraph" as const, start, end, level: 0, header_rows: 0, segments: [] });
    const { blocks } = prepareContent(content("🙂aaa\n\nbbb", [paragraph(0, 4), paragraph(6, 9)]));
    expect(blocks.map(({ start, end }) => [start, end])).toEqual([
      [0, 5],
      [7, 10],
    ]);
    expect(blockOfRange(blocks, { start: 8, end: 9 })).toBe(1);
    expect(blockOfRange(blocks, { start: 50, end: 60 })).toBeNull();
  });
});
