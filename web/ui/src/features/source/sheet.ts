import { columnName, parseCellAddress, parseTable, unescapeCell } from "@/text/tables";

import type { PreparedContent, TextRange } from "./content";

/** A cell of a sheet as it is shown. Rows and columns count from 1. */
export type SheetCell = { text: string; isHeader: boolean; isHighlighted: boolean };
export type Sheet = {
  name: string;
  rows: ReadonlyMap<number, ReadonlyMap<number, SheetCell>>;
  lastRow: number;
  lastColumn: number;
  widths: readonly number[];
  /** First highlighted cell. */
  highlighted: { row: number; column: number } | null;
};

type Growing = { name: string; rows: Map<number, Map<number, SheetCell>>; lastRow: number; lastColumn: number; highlighted: Sheet["highlighted"] };

/** The sheets of a spreadsheet, rebuilt from the cell addresses that its text keeps. */
export function buildSheets(content: PreparedContent, range: TextRange | null): Sheet[] {
  const sheets = new Map<string, Growing>();
  for (const block of content.blocks) {
    const headerEnd = block.headerRows > 0 ? endOfLine(content.text, block.start, block.headerRows) : block.start;
    for (const { start, end, anchor } of block.segments) {
      if (anchor.type !== "cell") continue;
      const sheet = sheetOf(sheets, anchor.sheet);
      for (const cell of cellsOf(content.text, start, end, anchor.cell)) {
        const isHighlighted = range !== null && cell.start < range.end && cell.end > range.start;
        put(sheet, cell.row, cell.column, { text: cell.text, isHeader: cell.start < headerEnd, isHighlighted });
      }
    }
  }
  return [...sheets.values()].map((sheet) => ({ ...sheet, widths: widthsOf(sheet) }));
}

function sheetOf(sheets: Map<string, Growing>, name: string): Growing {
  let sheet = sheets.get(name);
  if (!sheet) {
    sheet = { name, rows: new Map(), lastRow: 0, lastColumn: 0, highlighted: null };
    sheets.set(name, sheet);
  }
  return sheet;
}

type PlacedCell = { row: number; column: number; text: string; start: number; end: number };

/** The cells of a segment: one, or those of a row where the segment stands for a range (`A7:F7`). */
function cellsOf(text: string, start: number, end: number, address: string): PlacedCell[] {
  const [from, to] = address.split(":");
  const first = parseCellAddress(from ?? "");
  if (!first) return [];
  if (to === undefined) return [{ ...first, text: unescapeCell(text.slice(start, end)), start, end }];
  const cells = parseTable(text.slice(start, end), start)[0]?.cells ?? [];
  // The range begins at the row's first filled cell, the row's text with the table's first column.
  const skipped = cells.findIndex((cell) => cell.text !== "");
  return cells.slice(Math.max(0, skipped)).map((cell, at) => ({
    row: first.row,
    column: first.column + at,
    text: unescapeCell(cell.text),
    start: cell.start,
    end: cell.end,
  }));
}

function put(sheet: Growing, row: number, column: number, cell: SheetCell): void {
  if (cell.text === "") return;
  let cells = sheet.rows.get(row);
  if (!cells) {
    cells = new Map();
    sheet.rows.set(row, cells);
  }
  // A merged cell's text is repeated under the one address that it has.
  const known = cells.get(column);
  cells.set(column, known ? { ...known, isHighlighted: known.isHighlighted || cell.isHighlighted } : cell);
  sheet.lastRow = Math.max(sheet.lastRow, row);
  sheet.lastColumn = Math.max(sheet.lastColumn, column);
  if (cell.isHighlighted) sheet.highlighted ??= { row, column };
}

function endOfLine(text: string, from: number, lines: number): number {
  let at = from;
  for (let line = 0; line < lines; line++) {
    const next = text.indexOf("\n", at);
    if (next === -1) return text.length;
    at = next + 1;
  }
  return at;
}

const LEAST_WIDTH = 64;
const MOST_WIDTH = 300;
const ROWS_MEASURED = 300;
const LETTER_PX = 7.4;
const BOLD_PX = 8.6;

function widthsOf(sheet: Growing): number[] {
  const widths = new Array<number>(sheet.lastColumn).fill(LEAST_WIDTH);
  let measured = 0;
  for (const cells of sheet.rows.values()) {
    if (measured++ > ROWS_MEASURED) break;
    for (const [column, cell] of cells) {
      widths[column - 1] = Math.min(MOST_WIDTH, Math.max(widths[column - 1]!, 18 + (cell.isHeader ? BOLD_PX : LETTER_PX) * columnsOfText(cell.text)));
    }
  }
  return widths;
}

/** Width of a text in Latin letters: Han characters take two. */
function columnsOfText(text: string): number {
  let columns = 0;
  for (const character of text) {
    columns += character.codePointAt(0)! >= 0x1100 ? 1.9 : 1;
    if (columns > 60) break;
  }
  return columns;
}

export { columnName };
