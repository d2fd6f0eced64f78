import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { headerRowCount, parseTable, unescapeCell, type TableRow } from "@/text/tables";

import { Marked } from "./BlockView";
import type { TextRange } from "./content";
import classes from "./SourcePanel.module.css";

const ROWS_BEFORE = 40;
const ROWS_AT_FIRST = 160;
const MORE_ROWS = 400;

type Props = { text: string; start: number; headerLines: number; range: TextRange | null };

/** A table of a flowing document. Of a long one the rows around the citation are drawn at first. */
export function TableBlock({ text, start, headerLines, range }: Props) {
  const { t } = useTranslation();
  const rows = useMemo(() => parseTable(text, start), [text, start]);
  const headers = headerLines > 0 ? headerRowCount(text, headerLines) : 0;
  const [shown, setShown] = useState(() => rowsAround(rows, headers, range));
  const width = Math.max(...rows.map((row) => row.cells.length), 1);
  return (
    <div className={classes.tableBox}>
      <table>
        {headers > 0 && (
          <thead>
            {rows.slice(0, headers).map((row) => (
              <Row key={row.start} row={row} width={width} range={range} isHeader />
            ))}
          </thead>
        )}
        <tbody>
          {rows.slice(shown.from, shown.to).map((row) => (
            <Row key={row.start} row={row} width={width} range={range} />
          ))}
        </tbody>
      </table>
      {(shown.from > headers || shown.to < rows.length) && (
        <Button
          variant="subtle"
          color="gray"
          c="dimmed"
          size="compact-xs"
          mt={4}
          onClick={() => setShown({ from: Math.max(headers, shown.from - MORE_ROWS), to: Math.min(rows.length, shown.to + MORE_ROWS) })}
        >
          {t("source.rows", { from: shown.from - headers + 1, to: shown.to - headers, total: rows.length - headers })}
        </Button>
      )}
    </div>
  );
}

function rowsAround(rows: readonly TableRow[], headers: number, range: TextRange | null): { from: number; to: number } {
  const cited = range ? rows.findIndex((row) => row.end > range.start && row.start < range.end) : -1;
  const from = Math.max(headers, cited - ROWS_BEFORE);
  return { from, to: Math.min(rows.length, from + ROWS_AT_FIRST) };
}

function Row({ row, width, range, isHeader }: { row: TableRow; width: number; range: TextRange | null; isHeader?: boolean }) {
  const Cell = isHeader ? "th" : "td";
  return (
    <tr>
      {Array.from({ length: width }, (_, index) => {
        const cell = row.cells[index];
        return <Cell key={index}>{cell && <Marked text={cell.text} start={cell.start} range={range} show={unescapeCell} />}</Cell>;
      })}
    </tr>
  );
}
