"""Lines of text on a page, whoever found them: the PDF's text layer or OCR."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from kb_platform.domain.document import PageAnchor, PageStatus

_PLACES = 10_000
_FRACTIONS = tuple(number / _PLACES for number in range(_PLACES + 1))
"""Edges share these numbers, so that a long document does not hold a million equal ones."""


@dataclass(slots=True)
class Line:
    """A run of text on one baseline. Coordinates in points of the displayed page, origin at the top left.

    `edges` has one x per character and the last right edge; empty where characters do not run left to right.
    `order` is its place in the order in which the file draws it.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    edges: tuple[float, ...] = ()
    size: float = 0.0
    bold: bool = False
    order: int = 0
    pieces: tuple[Line, ...] = ()
    """The stretches that are boxed each on its own, side by side, nothing but blanks between; empty where it is one."""

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


@dataclass(slots=True)
class TableArea:
    """A table found on a page: rows of cells, a cell the lines that it holds."""

    rows: list[list[list[Line]]]
    x0: float
    y0: float
    x1: float
    y1: float
    header_rows: int = 0

    @property
    def lines(self) -> list[Line]:
        return [line for row in self.rows for cell in row for line in cell]

    @property
    def order(self) -> int:
        return min((line.order for line in self.lines), default=0)


@dataclass(slots=True)
class PageContent:
    """What a page holds, in reading order once it was laid out.

    `turn` says by how many quarter turns, counterclockwise, the displayed page was turned to be read; width, height
    and all coordinates are then those of the turned page.
    """

    number: int
    width: float
    height: float
    parts: list[Line | TableArea] = field(default_factory=list)
    status: PageStatus = PageStatus.EMPTY
    reason: str = ""
    turn: int = 0

    @property
    def lines(self) -> list[Line]:
        return [part for part in self.parts if isinstance(part, Line)]

    def turn_by(self, turn: int) -> None:
        """Say that the page was turned to be read."""
        self.turn = turn
        if turn % 2:
            self.width, self.height = self.height, self.width


def _fractions(values: tuple[float, ...], whole: float) -> tuple[float, ...]:
    """Return value / whole in ten-thousandths, within 0..1."""
    if whole <= 0:
        return (0.0,) * len(values)
    scale = _PLACES / whole
    if values and min(values) >= 0 and max(values) <= whole:
        return tuple([_FRACTIONS[round(value * scale)] for value in values])
    return tuple([_FRACTIONS[min(_PLACES, max(0, round(value * scale)))] for value in values])


def anchor_of(line: Line, page: PageContent) -> PageAnchor:
    """Return the place of a line on its page as it is displayed. A line that was turned to be read has no edges."""
    x0, x1, *edges = _fractions((line.x0, line.x1, *line.edges), page.width)
    y0, y1 = _fractions((line.y0, line.y1), page.height)
    if page.turn:
        (x0, y0), (x1, y1) = _turned_back(x0, y0, page.turn), _turned_back(x1, y1, page.turn)
        x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
        edges = []
    return PageAnchor(page=page.number, x0=x0, y0=y0, x1=x1, y1=y1, edges=tuple(edges) if page.width > 0 else ())


def _turned_back(x: float, y: float, turn: int) -> tuple[float, float]:
    """Return where a point of a page (fractions of it) lay before `turn` quarter turns counterclockwise."""
    for _ in range(turn):
        x, y = round(1 - y, 4), x
    return x, y


def by_baseline(lines: Iterable[Line]) -> list[list[Line]]:
    """Return the lines from the top, those that share a baseline together."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.middle):
        if rows and line.middle - rows[-1][0].middle < 0.5 * line.height:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def part_of(line: Line, start: int, end: int) -> Line | None:
    """Return characters [start, end) of a line with edges as a line, without blanks around it; None if there are no
    others."""
    text = line.text[start:end]
    start += len(text) - len(text.lstrip())
    end = start + len(text.strip())
    if start >= end:
        return None
    pieces = [
        part
        for at, piece in pieces_of(line)
        if at < end and (part := part_of(piece, max(0, start - at), end - at)) is not None
    ]
    return replace(
        line,
        text=line.text[start:end],
        x0=line.edges[start],
        x1=line.edges[end],
        edges=line.edges[start : end + 1],
        pieces=tuple(pieces),
    )


def pieces_of(line: Line) -> Iterator[tuple[int, Line]]:
    """Yield the line's pieces and where each begins in its text; nothing where the line is one."""
    at = 0
    for piece in line.pieces:
        at = line.text.index(piece.text, at)
        yield at, piece
        at += len(piece.text)


def joined(lines: list[Line]) -> Line:
    """Return the lines of one row as one line, a space between each."""
    if len(lines) == 1:
        return lines[0]
    largest = max(lines, key=lambda line: len(line.text))
    return Line(
        text=" ".join(line.text for line in lines),
        x0=min(line.x0 for line in lines),
        y0=min(line.y0 for line in lines),
        x1=max(line.x1 for line in lines),
        y1=max(line.y1 for line in lines),
        size=largest.size,
        bold=all(line.bold for line in lines),
        order=min(line.order for line in lines),
        pieces=tuple(piece for line in lines for piece in (line.pieces or (line,))),
    )


def without_doubles(lines: list[Line]) -> list[Line]:
    """Leave out what is drawn twice in one place (shadows, bold by overprinting): lines, and pieces of lines."""
    seen: dict[str, list[Line]] = {}
    kept = []
    rows: dict[int, list[Line]] = {}
    for line in lines:
        same = seen.setdefault(line.text, [])
        near = 0.3 * line.size
        if any(abs(line.x0 - other.x0) < near and abs(line.y0 - other.y0) < near for other in same):
            continue
        same.append(line)
        kept.append(line)
        rows.setdefault(round(line.y0), []).append(line)
    return [
        line
        for line in kept
        if not any(_is_piece(line, other) for row in (-1, 0, 1) for other in rows.get(round(line.y0) + row, ()))
    ]


def _is_piece(line: Line, whole: Line) -> bool:
    """Tell whether the line's characters stand in the longer line too, in the same places."""
    near = 0.3 * line.size
    if len(line.text) >= len(whole.text) or line.x0 < whole.x0 - near or line.x1 > whole.x1 + near:
        return False
    if not line.edges or not whole.edges:
        return False
    for character, left in zip(line.text, line.edges, strict=False):
        first = bisect_left(whole.edges, left - near)
        last = bisect_right(whole.edges, left + near)
        if character != " " and character not in whole.text[first:last]:
            return False
    return True


def apart(lines: list[Line]) -> list[Line]:
    """Trim boxes that reach into the line above or below (fonts name heights beyond their letters)."""
    ordered = sorted(lines, key=lambda line: line.middle)
    for at, line in enumerate(ordered):
        for other in ordered[at + 1 : at + 40]:
            if other.y0 >= line.y1:
                if other.middle - line.middle > 2 * line.height:
                    break
                continue
            if min(line.x1, other.x1) <= max(line.x0, other.x0):
                continue
            reach = line.y1 - other.y0
            if 0 < reach < 0.6 * min(line.height, other.height):
                line.y1 = other.y0 = other.y0 + reach / 2
    return lines
