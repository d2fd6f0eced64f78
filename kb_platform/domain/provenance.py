"""From characters of the canonical text to the places in the original that show them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace

from kb_platform.domain.document import PageAnchor, ParsedDocument, Segment


def locate(parsed: ParsedDocument, start: int, end: int) -> tuple[Segment, ...]:
    """Return the segments that show characters [start, end) of the canonical text, in reading order.

    Each is cut to these characters. A page segment with edges is boxed to exactly them; without edges its whole box
    stands for them, as any other anchor does.
    """
    if start >= end:
        return ()
    first = bisect_right(parsed.blocks, start, key=lambda block: block.end)
    found: list[Segment] = []
    for block in parsed.blocks[first:]:
        if block.start >= end:
            break
        at = bisect_right(block.segments, start, key=lambda segment: segment.end)
        stop = bisect_left(block.segments, end, key=lambda segment: segment.start)
        found.extend(_cut(segment, start, end) for segment in block.segments[at:stop])
    return tuple(found)


def _cut(segment: Segment, start: int, end: int) -> Segment:
    start, end = max(start, segment.start), min(end, segment.end)
    if (start, end) == (segment.start, segment.end):
        return segment
    anchor = segment.anchor
    if isinstance(anchor, PageAnchor) and anchor.edges:
        edges = anchor.edges[start - segment.start : end - segment.start + 1]
        anchor = replace(anchor, x0=edges[0], x1=edges[-1], edges=edges)
    return Segment(start, end, anchor)
