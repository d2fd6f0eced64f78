import type { PageAnchor, Segment } from "@/api/types";

export type Box = Pick<PageAnchor, "x0" | "y0" | "x1" | "y1">;

/** The first page that shows any of the segments; null when none stands on a page. */
export function firstPage(segments: readonly Segment[]): number | null {
  for (const { anchor } of segments) if (anchor.type === "page") return anchor.page;
  return null;
}

/** The boxes of a page: neighbours on one line joined, so that a sentence is marked as by one stroke of a pen. */
export function boxesOfPage(segments: readonly Segment[], page: number): Box[] {
  const boxes: Box[] = [];
  for (const { anchor } of segments) {
    if (anchor.type !== "page" || anchor.page !== page) continue;
    const last = boxes.at(-1);
    if (last && isSameLine(last, anchor) && anchor.x0 - last.x1 < 0.03 && anchor.x0 >= last.x0) {
      boxes[boxes.length - 1] = {
        x0: last.x0,
        y0: Math.min(last.y0, anchor.y0),
        x1: Math.max(last.x1, anchor.x1),
        y1: Math.max(last.y1, anchor.y1),
      };
    } else {
      boxes.push({ x0: anchor.x0, y0: anchor.y0, x1: anchor.x1, y1: anchor.y1 });
    }
  }
  return boxes;
}

function isSameLine(left: Box, right: Box): boolean {
  const overlap = Math.min(left.y1, right.y1) - Math.max(left.y0, right.y0);
  return overlap > 0.6 * Math.min(left.y1 - left.y0, right.y1 - right.y0);
}

const PICTURE_WIDTHS = [800, 1200, 1600, 2400, 3200];

/** Width of the picture to ask for: a few sizes only, so that resizing the panel does not load it anew. */
export function pictureWidth(cssWidth: number, ratio = window.devicePixelRatio || 1): number {
  const wanted = cssWidth * ratio;
  return PICTURE_WIDTHS.find((width) => width >= wanted) ?? PICTURE_WIDTHS.at(-1)!;
}
