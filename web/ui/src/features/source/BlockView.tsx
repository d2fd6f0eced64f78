import { memo, type ReactNode } from "react";

import { cutByRanges } from "@/text/offsets";

import type { PreparedBlock, TextRange } from "./content";
import classes from "./SourcePanel.module.css";
import { TableBlock } from "./TableBlock";

type Props = { block: PreparedBlock; text: string; range: TextRange | null };

export const BlockView = memo(function BlockView({ block, text, range }: Props) {
  const shown = text.slice(block.start, block.end);
  const marked = <Marked text={shown} start={block.start} range={range} />;
  switch (block.kind) {
    case "heading":
      return <Heading level={block.level}>{marked}</Heading>;
    case "list_item":
      return (
        <div className={classes.item} data-bullet={!HAS_MARK.test(shown) || undefined} style={{ marginInlineStart: `${Math.max(1, block.level) * 1.35}em` }}>
          {marked}
        </div>
      );
    case "table":
      return <TableBlock text={shown} start={block.start} headerLines={block.headerRows} range={range} />;
    case "code":
      return <pre>{marked}</pre>;
    case "formula":
      return <p className={classes.formula}>{marked}</p>;
    case "caption":
    case "footnote":
    case "notes":
      return <p className={classes.minor}>{marked}</p>;
    default:
      return <p>{marked}</p>;
  }
});

/** A list item that brings its own number or bullet: "3.", "(2)", "一、", "•". */
const HAS_MARK = /^\s*([-–—•·*▪●○]|[(（]?[\d一二三四五六七八九十百a-zA-Z]{1,4}[)）.．、]|第[\d一二三四五六七八九十百]+[条款项])/;

function Heading({ level, children }: { level: number; children: ReactNode }) {
  // The page's own title is h1; a document's highest heading comes below it.
  const Tag = (["h2", "h3", "h4", "h5", "h6"] as const)[Math.min(Math.max(level, 1), 5) - 1]!;
  return <Tag>{children}</Tag>;
}

type MarkedProps = { text: string; start: number; range: TextRange | null; show?: (text: string) => string };

/** A text that begins at `start` of the document, with what lies in the range marked. */
export function Marked({ text, start, range, show = same }: MarkedProps) {
  if (!range || range.end <= start || range.start >= start + text.length) return show(text);
  return cutByRanges(text, start, [range]).map((piece, index) =>
    piece.marked ? (
      <mark key={index} className={classes.mark} data-testid="highlight">
        {show(piece.text)}
      </mark>
    ) : (
      show(piece.text)
    ),
  );
}

const same = (text: string) => text;
