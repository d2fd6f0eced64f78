/** A table's canonical text is one Markdown row a line; these functions find its cells and where each stands. */
export type TableCell = { text: string; start: number; end: number };
export type TableRow = { cells: TableCell[]; start: number; end: number };

const RULE = /^\s*\|?(\s*:?-{3,}:?\s*\|)*\s*:?-{3,}:?\s*\|?\s*$/;

/** Rows of a table whose text begins at `offset`; rule lines (`| --- |`) are left out. */
export function parseTable(text: string, offset: number): TableRow[] {
  const rows: TableRow[] = [];
  let lineStart = 0;
  for (const line of text.split("\n")) {
    if (line.trim() && !RULE.test(line)) {
      rows.push({ cells: cellsOf(line, offset + lineStart), start: offset + lineStart, end: offset + lineStart + line.length });
    }
    lineStart += line.length + 1;
  }
  return rows;
}

/** How many of the parsed rows are header, when `headerLines` counts lines with the rule line included. */
export function headerRowCount(text: string, headerLines: number): number {
  return text
    .split("\n")
    .slice(0, headerLines)
    .filter((line) => line.trim() && !RULE.test(line)).length;
}

function cellsOf(line: string, offset: number): TableCell[] {
  const cells: TableCell[] = [];
  let from = /^\s*\|/.exec(line)?.[0].length ?? 0;
  for (let at = from; at <= line.length; at++) {
    const ends = at === line.length;
    if (!ends && !(line[at] === "|" && line[at - 1] !== "\\")) continue;
    const raw = line.slice(from, at);
    if (ends && !raw.trim() && cells.length > 0) break;
    const leading = raw.length - raw.trimStart().length;
    const trimmed = raw.trim();
    cells.push({ text: trimmed, start: offset + from + leading, end: offset + from + leading + trimmed.length });
    from = at + 1;
  }
  return cells;
}

/** Undo what a Markdown table cell must escape, for showing it. */
export function unescapeCell(text: string): string {
  return text.replace(/\\\|/g, "|").replace(/<br\s*\/?>/gi, "\n");
}

/** A passage with its table rows as plain lines, for places too small for a table. */
export function plainTable(text: string): string {
  return text
    .split("\n")
    .filter((line) => !(line.includes("|") && RULE.test(line)))
    .map((line) => (/^\s*\|/.test(line) || /\|\s*$/.test(line) ? plainRow(line) : line))
    .join("\n")
    .replace(/\n{3,}/g, "\n\n");
}

function plainRow(line: string): string {
  return line
    .split(/(?<!\\)\|/)
    .map((cell) => unescapeCell(cell.trim()))
    .filter(Boolean)
    .join(" · ");
}

export type CellAddress = { row: number; column: number };

/** `B12` → row 12, column 2, both from 1; null when it is no A1 address. */
export function parseCellAddress(address: string): CellAddress | null {
  const match = /^\$?([A-Z]{1,3})\$?(\d{1,7})$/.exec(address.toUpperCase());
  if (!match) return null;
  let column = 0;
  for (const letter of match[1]!) column = column * 26 + letter.charCodeAt(0) - 64;
  return { row: Number(match[2]), column };
}

export function columnName(column: number): string {
  let name = "";
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
  }
  return name;
}
