"""Lines of a PDF page that reach into one another, divided so that each part's box shows its own letters alone.

A formula sets an index under a power, a bound over a sum: the box of one line then holds letters of another. The
stretch beside them gets a box as tall as its own ink, so that a highlight shows the words that it stands for and no
others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.parsers.page_lines import Line, part_of
from ingest.parsers.pdf_characters import Flags, Floats, displayed_ink

MOST_COMPARED = 1_000
"""Lines of a page: each is compared with each."""
_STRAIGHT = 2.0
"""How thick, in its letters, a line's box may be that runs across or down the page and not aslant."""


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line and its characters: their numbers in the page's text and their boxes (n × 4)."""

    line: Line
    characters: NDArray[np.intp]
    boxes: Floats


def boxed_apart(drawn: Sequence[DrawnLine], text_page: pdfium.PdfTextPage) -> list[Line]:
    """Return the lines, those with edges divided into pieces where letters of other lines stand in their boxes.

    A line without edges cannot be divided: what stands whole within its box becomes part of it.
    """
    lines = [one.line for one in drawn]
    if not 1 < len(drawn) <= MOST_COMPARED or not (reached := _reached_into(drawn)):
        return lines
    swallowed = _swallowed(drawn, reached)
    for at, others in reached.items():
        one = drawn[at]
        if at in swallowed or not one.line.edges:
            continue
        foreign = _ink(np.concatenate([_within(drawn[other], one.line) for other in others]), text_page)
        foreign = foreign[_middles_in(foreign, one.line)]
        if foreign.size:
            one.line.pieces = tuple(_pieces(one.line, _ink(one.characters, text_page), foreign))
    return [line for at, line in enumerate(lines) if at not in swallowed]


def _swallowed(drawn: Sequence[DrawnLine], reached: dict[int, list[int]]) -> set[int]:
    """Add to straight lines without edges the text of the lines whole within their boxes; return which those are."""
    gone: set[int] = set()
    for at, others in reached.items():
        line = drawn[at].line
        straight = min(line.x1 - line.x0, line.height) < _STRAIGHT * line.size
        if line.edges or not straight or at in gone:
            continue
        inside = [other for other in others if other not in gone and _middles_in(drawn[other].boxes, line).all()]
        line.text = " ".join((line.text, *(drawn[other].line.text for other in inside)))
        gone.update(inside)
    return gone


def _reached_into(drawn: Sequence[DrawnLine]) -> dict[int, list[int]]:
    """Return which lines' boxes overlap which others'."""
    x0, y0, x1, y1 = (np.array([getattr(one.line, side) for one in drawn]) for side in ("x0", "y0", "x1", "y1"))
    overlap = (x0[:, None] < x1[None, :]) & (x0[None, :] < x1[:, None])
    overlap &= (y0[:, None] < y1[None, :]) & (y0[None, :] < y1[:, None])
    np.fill_diagonal(overlap, False)
    found: dict[int, list[int]] = {}
    for at, other in np.argwhere(overlap).tolist():
        found.setdefault(at, []).append(other)
    return found


def _within(other: DrawnLine, line: Line) -> NDArray[np.intp]:
    """Return the characters of another line whose boxes overlap the line's."""
    boxes = other.boxes
    across = (boxes[:, 0] < line.x1) & (boxes[:, 2] > line.x0)
    return other.characters[across & (boxes[:, 1] < line.y1) & (boxes[:, 3] > line.y0)]


def _ink(characters: NDArray[np.intp], text_page: pdfium.PdfTextPage) -> Floats:
    """Return the boxes of the characters that have ink."""
    boxes, known = displayed_ink(text_page, characters)
    return boxes[known]


def _middles_in(boxes: Floats, line: Line) -> Flags:
    """Tell which boxes have their middle in the line's box."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    found: Flags = (x >= line.x0) & (x <= line.x1) & (y >= line.y0) & (y <= line.y1)
    return found


def _pieces(line: Line, own: Floats, foreign: Floats) -> Iterator[Line]:
    """Yield the line's stretches, those beside foreign letters boxed by their own ink, one by one where that is not
    enough."""
    edges = line.edges
    crowded = [bool(((foreign[:, 0] < right) & (foreign[:, 2] > left)).any()) for left, right in pairwise(edges)]
    for is_crowded, stretch in groupby(range(len(crowded)), key=crowded.__getitem__):
        places = list(stretch)
        piece = part_of(line, places[0], places[-1] + 1)
        if piece is None:
            continue
        if not is_crowded:
            yield piece
            continue
        inked = _fitted(piece, own)
        if not _middles_in(foreign, inked).any():
            yield inked
            continue
        letters = (part_of(line, place, place + 1) for place in places)
        yield from (_fitted(letter, own) for letter in letters if letter is not None)


def _fitted(piece: Line, own: Floats) -> Line:
    """Return the piece with a box as tall as the ink of its characters."""
    middles = (own[:, 0] + own[:, 2]) / 2
    inside = own[(middles >= piece.x0) & (middles <= piece.x1)]
    if not inside.size:
        return piece
    return replace(piece, y0=float(inside[:, 1].min()), y1=float(inside[:, 3].max()))
