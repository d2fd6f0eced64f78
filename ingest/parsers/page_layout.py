"""A page's lines and tables, brought into reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.parsers.page_lines import Line, TableArea, joined
from ingest.parsers.page_order import in_reading_order
from ingest.parsers.page_tables import Row, aligned_tables, rows_of


@dataclass(slots=True)
class _Stack:
    """Lines close below one another that share a column: the unit that is put in order."""

    lines: list[Line] = field(default_factory=list)
    table: TableArea | None = None
    x0: float = 0.0
    y0: float = 0.0
    x1: float = 0.0
    y1: float = 0.0
    order: int = 0

    def add(self, line: Line) -> None:
        if not self.lines:
            self.x0, self.y0, self.x1, self.y1, self.order = line.x0, line.y0, line.x1, line.y1, line.order
        self.x0, self.y0 = min(self.x0, line.x0), min(self.y0, line.y0)
        self.x1, self.y1 = max(self.x1, line.x1), max(self.y1, line.y1)
        self.lines.append(line)


def lay_out(lines: Sequence[Line], tables: Sequence[TableArea] = ()) -> list[Line | TableArea]:
    """Return lines and tables as they are read. `tables` are those already found; their lines are left out."""
    inside = {line.order for table in tables for line in table.lines}
    free = [line for line in lines if line.order not in inside]
    rows = rows_of(free)
    columns = _are_columns(rows)
    found = [] if columns else aligned_tables(rows)
    stacks = [_of_table(table) for table in (*tables, *(table for _, _, table in found))]
    taken = {row for start, end, _ in found for row in range(start, end)}
    current = _Stack()
    for number, row in enumerate(rows):
        if number in taken:
            current = _Stack()
            continue
        for line in row if columns else [_row_line(row)]:
            above = _above(stacks, line) if columns else current
            if above is None or not above.lines or not _continues(above, line):
                above = _Stack()
                stacks.append(above)
            above.add(line)
            current = above
    parts: list[Line | TableArea] = []
    for stack in in_reading_order(stacks):
        parts.extend([stack.table] if stack.table is not None else stack.lines)
    return parts


def _of_table(table: TableArea) -> _Stack:
    return _Stack([], table, table.x0, table.y0, table.x1, table.y1, table.order)


def _row_line(row: Row) -> Line:
    return joined(row)


def _are_columns(rows: Sequence[Row]) -> bool:
    """Tell whether rows of two long pieces are two columns of text that the file draws row by row."""
    pairs = [row for row in rows if len(row) == 2]
    if len(pairs) < 6 or len(pairs) < 0.5 * len(rows):
        return False
    long = sum(len(line.text) >= 25 for row in pairs for line in row)
    starts = sorted(row[1].x0 for row in pairs)
    usual = starts[len(starts) // 2]
    level = sum(abs(start - usual) < 6 for start in starts)
    return long >= 0.7 * 2 * len(pairs) and level >= 0.7 * len(starts)


def _above(stacks: Sequence[_Stack], line: Line) -> _Stack | None:
    """Return the latest stack that ends above the line in its column."""
    return next((stack for stack in reversed(stacks[-6:]) if stack.lines and _continues(stack, line)), None)


def _continues(stack: _Stack, line: Line) -> bool:
    last = stack.lines[-1]
    if line.middle <= last.middle:
        return False
    gap = line.y0 - last.y1
    shared = min(stack.x1, line.x1) - max(stack.x0, line.x0)
    return gap < 1.0 * max(line.height, last.height) and shared > 0
