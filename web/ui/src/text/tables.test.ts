import { describe, expect, it } from "vitest";

import { columnName, headerRowCount, parseCellAddress, parseTable, plainTable, unescapeCell } from "./tables";

const TABLE = "| City | Limit |\n| --- | --- |\n| Beijing | 600 |\n| a \\| b |  |";

describe("tables", () => {
  it("have their cells where the text has them", () => {
    const offset = 50;
    const rows = parseTable(TABLE, offset);
    expect(rows.map((row) => row.cells.map((cell) => cell.text))).toEqual([
      ["City", "Limit"],
      ["Beijing", "600"],
      ["a \\| b", ""],
    ]);
    for (const row of rows) {
      for (const cell of row.cells) expect(TABLE.slice(cell.start - offset, cell.end - offset)).toBe(cell.text);
    }
  });

  it("count as header what stands above the rule", () => {
    expect(headerRowCount(TABLE, 2)).toBe(1);
    expect(headerRowCount(TABLE, 0)).toBe(0);
  });

  it("show escaped bars as bars", () => {
    expect(unescapeCell("a \\| b")).toBe("a | b");
  });

  it("are readable as plain lines", () => {
    expect(plainTable(`Title\n\n${TABLE}\n\nText | with a bar`)).toBe(
      "Title\n\nCity · Limit\nBeijing · 600\na | b\n\nText | with a bar",
    );
  });
});

describe("cell addresses", () => {
  it("are read with columns beyond Z", () => {
    expect(parseCellAddress("B12")).toEqual({ row: 12, column: 2 });
    expect(parseCellAddress("AA1")).toEqual({ row: 1, column: 27 });
    expect(parseCellAddress("nonsense")).toBeNull();
  });

  it("name columns as spreadsheets do", () => {
    for (const column of [1, 26, 27, 52, 53, 702, 703, 16384]) {
      expect(parseCellAddress(`${columnName(column)}1`)?.column).toBe(column);
    }
    expect(columnName(16384)).toBe("XFD");
  });
});
