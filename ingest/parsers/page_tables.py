"""Tables without drawn lines: rows of cells that stand in the same columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ingest.parsers.page_lines import Line, TableArea

_LEADERS = re.compile(r"(?:[.·…‥]\s*){4,}|(?:\s[.·]){4,}")
_MOST_CELL_CHARACTERS = 60
_NUMBER = re.compile(r"^[-+(]?[$€£¥￥]?\s*[\d.,]+\s*[%)]?$|^[-–—]$")

Row = list[Line]


def rows_of(lines: Sequence[Line]) -> list[Row]:
    """Group lines that follow each other in the file on one baseline, from left to right."""
    rows: list[Row] = []
    for line in lines:
        last = rows[-1][-1] if rows else None
        if last is not None and _beside(last, line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _beside(left: Line, right: Line) -> bool:
    shared = min(left.y1, right.y1) - max(left.y0, right.y0)
    return shared > 0.6 * min(left.height, right.height) and right.x0 >= left.x1 - 1


def aligned_tables(rows: Sequence[Row]) -> list[tuple[int, int, TableArea]]:
    """Return tables among consecutive rows: (first row, row after the last, table).

    A table has at least three rows of two or more cells (two of three or more) that fall into the same columns, none
    of them prose.
    """
    found = []
    at = 0
    while at < len(rows):
        end = _run(rows, at)
        table = _table(rows[at:end]) if end - at >= 2 else None
        if table is not None:
            found.append((at, end, table))
            at = end
        else:
            at += 1
    return found


def _run(rows: Sequence[Row], start: int) -> int:
    """Return the end of the rows from `start` that may be one table: several cells each, close below one another."""
    if len(rows[start]) < 2:
        return start
    end = start + 1
    pitch = 0.0
    while end < len(rows):
        above, row = rows[end - 1], rows[end]
        step = row[0].middle - above[0].middle
        height = max(line.height for line in row)
        if step <= 0 or step > max(3 * height, 1.8 * pitch):
            break
        if len(row) < 2 and not (end + 1 < len(rows) and len(rows[end + 1]) >= 2 and _within(row[0], rows[start:end])):
            break
        pitch = max(pitch, step)
        end += 1
    return end


def _within(line: Line, rows: Sequence[Row]) -> bool:
    """A single cell belongs to a table when it stands in one of its columns."""
    columns = _columns(rows)
    return sum(line.x0 < right and line.x1 > left for left, right in columns) == 1


def _columns(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Return the horizontal stretches that cells fill, joined where they overlap."""
    stretches = sorted((line.x0, line.x1) for row in rows for line in row)
    columns: list[tuple[float, float]] = []
    for left, right in stretches:
        if columns and left < columns[-1][1]:
            columns[-1] = columns[-1][0], max(columns[-1][1], right)
        else:
            columns.append((left, right))
    return columns


def _table(rows: Sequence[Row]) -> TableArea | None:
    full = [row for row in rows if len(row) >= 2]
    if len(full) < 3 and not (len(full) == 2 and all(len(row) >= 3 for row in full)):
        return None
    columns = _usual_columns(full)
    if len(columns) < 2 or any(_LEADERS.search(line.text) for row in rows for line in row):
        return None
    cells = [line for row in full for line in row]
    if sum(len(line.text) for line in cells) / len(cells) > _MOST_CELL_CHARACTERS:
        return None
    if len(columns) == 2 and not _is_key_value(full):
        return None
    grid: list[list[list[Line]]] = []
    misplaced = 0
    for row in rows:
        places: list[list[Line]] = [[] for _ in columns]
        for line in row:
            places[_column(line, columns)].append(line)
        misplaced += len(row) - sum(bool(place) for place in places)
        grid.append(places)
    if misplaced > 0.15 * sum(map(len, rows)):
        return None
    lines = [line for row in rows for line in row]
    first = grid[0]
    words = all(not _NUMBER.match(line.text) for place in first for line in place)
    header = 1 if words and sum(map(bool, first)) >= 2 and len(grid) > 2 else 0
    return TableArea(
        grid,
        min(line.x0 for line in lines),
        min(line.y0 for line in lines),
        max(line.x1 for line in lines),
        max(line.y1 for line in lines),
        header,
    )


def _usual_columns(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Return the columns of the rows with the usual number of cells: a cell that spans several, as headings do, does
    not join them. All rows' columns where they are as many."""
    counts = Counter(map(len, rows))
    usual = max(counts, key=lambda count: (counts[count], count))
    columns = _columns([row for row in rows if len(row) == usual])
    every = _columns(rows)
    return columns if len(columns) >= max(usual, len(every)) else every


def _column(line: Line, columns: Sequence[tuple[float, float]]) -> int:
    """Return the column that a cell begins in, else the nearest."""
    for at, (left, right) in enumerate(columns):
        if min(line.x1, right) - max(line.x0, left) > 0:
            return at
    return min(range(len(columns)), key=lambda at: min(abs(line.x0 - columns[at][1]), abs(line.x1 - columns[at][0])))


def _is_key_value(rows: Sequence[Row]) -> bool:
    """Two columns are a table when they hold short cells, not two columns of a text."""
    if sum(len(row[0].text) <= 2 and not row[0].text.isalnum() for row in rows) > 0.5 * len(rows):
        return False  # a list whose marks stand apart
    rights = [row[-1].text for row in rows]
    numbers = sum(bool(_NUMBER.match(text)) for text in rights)
    if numbers >= 0.5 * len(rights):
        return True
    return sum(len(text) for row in rows for text in (row[0].text, row[-1].text)) / (2 * len(rows)) < 25
