"""Tables drawn with lines: the grid of a page's rulings, and the text in its cells."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from ingest.parsers.page_lines import Line, TableArea, by_baseline, part_of
from ingest.parsers.pdf_boxes import is_stroked, path_boxes

_MOST_OBJECTS = 6_000
_THIN = 2.5
_NEAR = 3.0
_SHORT = 8.0
_OUTSIDE = 10.0
_MOST_LINES = 600
_FRAMED_ROWS = 3
"""A cell in which so many baselines hold several pieces holds a table or columns of its own."""


@dataclass(frozen=True, slots=True)
class _Ruling:
    """A horizontal (at = y, from x to x) or vertical (at = x, from y to y) line."""

    at: float
    start: float
    end: float


def ruled_tables(page: pdfium.PdfPage, lines: Sequence[Line]) -> list[TableArea]:
    """Return the tables whose cells are drawn with lines, each with the lines of text in its cells.

    Frames around text (one cell) are no tables; a table needs two rows and two columns and text in several cells.
    """
    horizontal, vertical = _rulings(page)
    if len(horizontal) < 2 or len(vertical) < 2 or len(horizontal) + len(vertical) > _MOST_LINES:
        return []
    tables = []
    for rows, columns in _grids(horizontal, vertical):
        table = _table(rows, columns, lines)
        if table is not None:
            tables.append(table)
    return tables


def _rulings(page: pdfium.PdfPage) -> tuple[list[_Ruling], list[_Ruling]]:
    if pdfium_c.FPDFPage_CountObjects(page.raw) > _MOST_OBJECTS:
        return [], []
    left, bottom, right, top = page.get_bbox()
    rotation = page.get_rotation()
    horizontal: list[_Ruling] = []
    vertical: list[_Ruling] = []
    paths, bounds = path_boxes(page)
    for item, (x0, y0, x1, y1) in zip(paths, bounds.tolist(), strict=True):
        if rotation == 0:
            box = (x0 - left, top - y1, x1 - left, top - y0)
        elif rotation == 90:
            box = (y0 - bottom, x0 - left, y1 - bottom, x1 - left)
        elif rotation == 180:
            box = (right - x1, y0 - bottom, right - x0, y1 - bottom)
        else:
            box = (top - y1, right - x1, top - y0, right - x0)
        _add_box(box, item, horizontal, vertical)
    return _merged(horizontal), _merged(vertical)


def _add_box(
    box: tuple[float, float, float, float], item: int, horizontal: list[_Ruling], vertical: list[_Ruling]
) -> None:
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    if height <= _THIN and width >= _SHORT:
        horizontal.append(_Ruling((y0 + y1) / 2, x0, x1))
    elif width <= _THIN and height >= _SHORT:
        vertical.append(_Ruling((x0 + x1) / 2, y0, y1))
    elif width >= _SHORT and height >= _SHORT and is_stroked(item):
        horizontal.extend((_Ruling(y0, x0, x1), _Ruling(y1, x0, x1)))
        vertical.extend((_Ruling(x0, y0, y1), _Ruling(x1, y0, y1)))


def _merged(rulings: list[_Ruling]) -> list[_Ruling]:
    """Join pieces of one line."""
    joined: list[_Ruling] = []
    for ruling in sorted(rulings, key=lambda ruling: (round(ruling.at / _NEAR), ruling.start)):
        last = joined[-1] if joined else None
        if last is not None and abs(last.at - ruling.at) <= _NEAR and ruling.start <= last.end + _NEAR:
            joined[-1] = _Ruling(last.at, last.start, max(last.end, ruling.end))
        else:
            joined.append(ruling)
    return joined


def _grids(horizontal: list[_Ruling], vertical: list[_Ruling]) -> list[tuple[list[_Ruling], list[_Ruling]]]:
    """Group lines that cross or touch one another."""
    parent = list(range(len(horizontal) + len(vertical)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for row, across in enumerate(horizontal):
        for column, down in enumerate(vertical, len(horizontal)):
            crosses = across.start - _NEAR <= down.at <= across.end + _NEAR
            if crosses and down.start - _NEAR <= across.at <= down.end + _NEAR:
                parent[root(row)] = root(column)
    groups: dict[int, tuple[list[_Ruling], list[_Ruling]]] = {}
    for row, across in enumerate(horizontal):
        groups.setdefault(root(row), ([], []))[0].append(across)
    for column, down in enumerate(vertical, len(horizontal)):
        groups.setdefault(root(column), ([], []))[1].append(down)
    return [group for group in groups.values() if len(group[0]) >= 2 and len(group[1]) >= 2]


def _places(rulings: list[_Ruling]) -> list[float]:
    places: list[float] = []
    for at in sorted(ruling.at for ruling in rulings):
        if not places or at - places[-1] > _NEAR:
            places.append(at)
    return places


def _table(horizontal: list[_Ruling], vertical: list[_Ruling], lines: Sequence[Line]) -> TableArea | None:
    xs, ys = _with_open_sides(_places(vertical), horizontal), _places(horizontal)
    columns, rows = len(xs) - 1, len(ys) - 1
    if columns < 2 or rows < 2 or columns * rows > 20_000:
        return None
    owner = _owners(xs, ys, horizontal, vertical)
    cells: dict[tuple[int, int], list[Line]] = {}
    for line in lines:
        row = _between(ys, line.middle)
        if not 0 <= row < rows or line.x1 > xs[-1] + _OUTSIDE or line.x0 < xs[0] - _OUTSIDE:
            continue
        for piece in _cut_at(line, [x for x in xs[1:-1] if _has(vertical, x, line.middle)]):
            column = min(columns - 1, max(0, _between(xs, (piece.x0 + piece.x1) / 2)))
            cells.setdefault(owner[row, column], []).append(piece)
    if len(cells) < 3 or _is_frame(cells):
        return None
    grid = [[cells.get((row, column), []) for column in range(columns)] for row in range(rows)]
    grid = [row for row in grid if any(row)]
    used = [column for column in range(columns) if any(row[column] for row in grid)]
    if len(grid) < 2 or len(used) < 2:
        return None
    return TableArea([[row[column] for column in used] for row in grid], xs[0], ys[0], xs[-1], ys[-1])


def _with_open_sides(xs: list[float], horizontal: list[_Ruling]) -> list[float]:
    """Add the outer edges of a table that has lines between its columns but none at its sides."""
    middle = len(horizontal) // 2
    left = sorted(ruling.start for ruling in horizontal)[middle]
    right = sorted(ruling.end for ruling in horizontal)[middle]
    before, after = [left] if left < xs[0] - _SHORT else [], [right] if right > xs[-1] + _SHORT else []
    return [*before, *xs, *after]


def _is_frame(cells: dict[tuple[int, int], list[Line]]) -> bool:
    """Tell whether these are frames around parts of a page, not a table: one cell holds most of the text, or much of it
    stands side by side within its cell."""
    sizes = {place: sum(len(line.text) for line in lines) for place, lines in cells.items()}
    total = sum(sizes.values())
    if max(sizes.values()) > 0.6 * total and max(map(len, cells.values())) > 8:
        return True
    return sum(size for place, size in sizes.items() if _rows_of_pieces(cells[place]) >= _FRAMED_ROWS) > 0.2 * total


def _rows_of_pieces(lines: Sequence[Line]) -> int:
    """Count the baselines on which several pieces stand."""
    return sum(len(row) > 1 for row in by_baseline(lines))


def _cut_at(line: Line, places: list[float]) -> list[Line]:
    """Divide a line that runs through several cells at the rulings between them."""
    if not line.edges:
        return [line]
    cuts = [0]
    for place in places:
        if line.x0 + 1 < place < line.x1 - 1:
            at = bisect_left(line.edges, place - 1.0)
            if cuts[-1] < at < len(line.text):
                cuts.append(at)
    if len(cuts) == 1:
        return [line]
    return [piece for start, end in itertools.pairwise([*cuts, len(line.text)]) if (piece := part_of(line, start, end))]


def _between(places: list[float], value: float) -> int:
    return sum(place <= value for place in places) - 1


def _owners(
    xs: list[float], ys: list[float], horizontal: list[_Ruling], vertical: list[_Ruling]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Say for each place of the grid which cell it belongs to: places with no line between are one cell."""
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    for row in range(len(ys) - 1):
        middle_y = (ys[row] + ys[row + 1]) / 2
        for column in range(len(xs) - 1):
            middle_x = (xs[column] + xs[column + 1]) / 2
            here = row, column
            if column and not _has(vertical, xs[column], middle_y):
                here = owner[row, column - 1]
            elif row and not _has(horizontal, ys[row], middle_x):
                here = owner[row - 1, column]
            owner[row, column] = here
    return owner


def _has(rulings: list[_Ruling], at: float, across: float) -> bool:
    return any(
        abs(ruling.at - at) <= _NEAR and ruling.start - _NEAR <= across <= ruling.end + _NEAR for ruling in rulings
    )
