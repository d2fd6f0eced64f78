import { SegmentedControl, Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { PreparedContent, TextRange } from "./content";
import { buildSheets, columnName, type Sheet } from "./sheet";
import classes from "./SourcePanel.module.css";

const ROW_PX = 28;
const RULER_PX = 25;
const NUMBERS_PX = 52;

type Props = { content: PreparedContent; range: TextRange | null };

/** The sheets of a spreadsheet as grids, with the cited cells marked. Only what is seen is drawn. */
export default function SheetView({ content, range }: Props) {
  const { t } = useTranslation();
  const rangeKey = range && `${range.start}:${range.end}`;
  // The range is a new object at each drawing; its ends say whether it is another.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const sheets = useMemo(() => buildSheets(content, range), [content, rangeKey]);
  const cited = sheets.find((sheet) => sheet.highlighted)?.name ?? sheets[0]?.name ?? "";
  const [chosen, setChosen] = useState<{ name: string; rangeKey: string | null } | null>(null);
  const name = chosen?.rangeKey === rangeKey ? chosen.name : cited;
  const sheet = sheets.find((one) => one.name === name);

  if (!sheet) {
    return (
      <Text p="lg" c="dimmed" fz="sm">
        {t("source.emptySheet")}
      </Text>
    );
  }
  return (
    <>
      {sheets.length > 1 && (
        <div className={classes.tools} style={{ overflowX: "auto", justifyContent: "flex-start" }}>
          <SegmentedControl
            size="xs"
            aria-label={t("source.sheets")}
            value={name}
            onChange={(next) => setChosen({ name: next, rangeKey })}
            data={sheets.map((one) => ({ value: one.name, label: one.name || t("source.sheet") }))}
          />
        </div>
      )}
      <Grid key={`${name}:${rangeKey}`} sheet={sheet} />
    </>
  );
}

function Grid({ sheet }: { sheet: Sheet }) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(sheet.highlighted);
  const rows = useVirtualizer({
    count: sheet.lastRow,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollPaddingStart: RULER_PX,
  });
  const columns = useVirtualizer({
    horizontal: true,
    count: sheet.lastColumn,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => sheet.widths[index]!,
    overscan: 4,
    scrollPaddingStart: NUMBERS_PX,
  });
  useEffect(() => {
    if (!sheet.highlighted) return;
    rows.scrollToIndex(sheet.highlighted.row - 1, { align: "center" });
    columns.scrollToIndex(sheet.highlighted.column - 1, { align: "center" });
    // Once, when the sheet is opened.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [sheet]);

  const chosenText = at ? (sheet.rows.get(at.row)?.get(at.column)?.text ?? "") : "";
  return (
    <>
      <div
        ref={scroller}
        className={classes.scroller}
        role="region"
        aria-label={t("source.gridOf", { name: sheet.name })}
        // A scrolling region must be reachable by keyboard.
        tabIndex={0}
      >
        <div className={classes.grid} style={{ height: rows.getTotalSize() + RULER_PX, width: columns.getTotalSize() + NUMBERS_PX }}>
          <div className={classes.ruler} style={{ top: 0, height: RULER_PX, zIndex: 3 }}>
            {columns.getVirtualItems().map((column) => (
              <div key={column.key} className={classes.rulerCell} style={{ left: NUMBERS_PX + column.start, width: column.size, height: RULER_PX }}>
                {columnName(column.index + 1)}
              </div>
            ))}
          </div>
          <div className={classes.ruler} style={{ left: 0, width: NUMBERS_PX, height: 0 }}>
            {rows.getVirtualItems().map((row) => (
              <div key={row.key} className={classes.rulerCell} style={{ top: row.start, width: NUMBERS_PX, height: ROW_PX, lineHeight: `${ROW_PX}px` }}>
                {row.index + 1}
              </div>
            ))}
          </div>
          {rows.getVirtualItems().map((row) => {
            const cells = sheet.rows.get(row.index + 1);
            return columns.getVirtualItems().map((column) => {
              const cell = cells?.get(column.index + 1);
              const isChosen = at?.row === row.index + 1 && at.column === column.index + 1;
              return (
                // Choosing a cell only shows its whole text below; the text is in the cell for every reader.
                <div
                  key={`${row.index}:${column.index}`}
                  className={classes.gridCell}
                  data-testid={cell?.isHighlighted ? "highlight" : undefined}
                  data-highlight={cell?.isHighlighted || undefined}
                  data-header={cell?.isHeader || undefined}
                  data-chosen={isChosen || undefined}
                  style={{ top: RULER_PX + row.start, left: NUMBERS_PX + column.start, width: column.size, height: ROW_PX }}
                  onClick={() => setAt({ row: row.index + 1, column: column.index + 1 })}
                >
                  {cell?.text}
                </div>
              );
            });
          })}
        </div>
      </div>
      {at && chosenText && (
        <div className={classes.cellBar}>
          <Text fz="xs" c="dimmed" ff="monospace" pt={2}>
            {columnName(at.column)}
            {at.row}
          </Text>
          <div>{chosenText}</div>
        </div>
      )}
    </>
  );
}
