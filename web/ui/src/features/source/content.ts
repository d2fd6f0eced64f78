import type { Anchor, BlockKind, Content, PageCoverage } from "@/api/types";
import { offsetMap } from "@/text/offsets";

/** A document's content with every offset in UTF-16, as JavaScript slices. */
export type PlacedSegment = { start: number; end: number; anchor: Anchor };
export type PreparedBlock = {
  index: number;
  kind: BlockKind;
  start: number;
  end: number;
  level: number;
  headerRows: number;
  segments: PlacedSegment[];
};
export type PreparedContent = {
  versionId: string;
  format: string;
  text: string;
  blocks: PreparedBlock[];
  pages: PageCoverage[];
  toUtf16: (codePoint: number) => number;
};
export type TextRange = { start: number; end: number };

export function prepareContent(content: Content): PreparedContent {
  const { toUtf16 } = offsetMap(content.text);
  return {
    versionId: content.version_id,
    format: content.format,
    text: content.text,
    pages: content.pages,
    toUtf16,
    blocks: content.blocks.map((block, index) => ({
      index,
      kind: block.kind,
      start: toUtf16(block.start),
      end: toUtf16(block.end),
      level: block.level,
      headerRows: block.header_rows,
      segments: block.segments.map((segment) => ({
        start: toUtf16(segment.start),
        end: toUtf16(segment.end),
        anchor: segment.anchor,
      })),
    })),
  };
}

/** The first block that holds characters of the range; null when none does. */
export function blockOfRange(blocks: readonly PreparedBlock[], range: TextRange): number | null {
  const found = blocks.findIndex((block) => block.end > range.start && block.start < range.end);
  return found === -1 ? null : found;
}

/** The slide that a block stands on; null where there are none. */
export function slideOf(block: PreparedBlock): number | null {
  const anchor = block.segments[0]?.anchor;
  return anchor?.type === "slide" ? anchor.slide : null;
}
