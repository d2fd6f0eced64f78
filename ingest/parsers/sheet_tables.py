"""The tables of a sheet: where they begin and end, their header rows, their cells as runs of text.

Sheets are read row by row and sparsely, so that neither a far cell nor a long sheet costs more than its cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ingest.parsers.builder import DocumentBuilder, Run
from ingest.parsers.tables import Cell, escaped, table_runs
from kb_platform.domain.document import BlockKind, CellAnchor

_ROWS_A_BLOCK = 5_000
_CELL_SEGMENTS = 300_000
"""Cells of a file that get a segment each; beyond, a row is one segment (its anchor a range)."""
_SPARSE = 8
"""A region whose grid has more than this many places a filled cell is written without its empty cells."""
_CAPTION_CHARACTERS = 200
_CAPTION_ROWS = 5
_HEADER_ROWS = 4
_GAP = 2


@dataclass(frozen=True, slots=True)
class SheetRow:
    """The filled cells of a row: column number from 1 → text as shown. `numeric` names columns that hold numbers or
    dates (what a header does not)."""

    number: int
    cells: dict[int, str]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range, columns and rows from 1, both ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(slots=True)
class _Region:
    rows: list[SheetRow] = field(default_factory=list)

    @property
    def columns(self) -> list[int]:
        return sorted({column for row in self.rows for column in row.cells})


def column_name(number: int) -> str:
    """Return the letters of a column counted from 1."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def add_sheet(
    builder: DocumentBuilder, sheet: str, rows: Iterable[SheetRow], merges: Sequence[Merge], whole: bool = False
) -> int:
    """Add a sheet's tables as blocks and return how many characters its cells show.

    Two empty rows or columns divide tables, one is a spacer inside a table (not where `whole`: a CSV file is one
    table). Long tables become several blocks, each with its header rows.
    """
    characters = 0
    for region in _regions(rows, whole):
        for part in [region] if whole else _beside_each_other(region):
            characters += _add_region(builder, sheet, part, merges)
    return characters


def _regions(rows: Iterable[SheetRow], whole: bool) -> Iterator[_Region]:
    region = _Region()
    last = 0
    for row in rows:
        if not row.cells:
            continue
        if region.rows and not whole and row.number > last + _GAP:
            yield region
            region = _Region()
        elif len(region.rows) >= _ROWS_A_BLOCK:
            yield region
            region = _Region([*_header(region)])
        region.rows.append(row)
        last = row.number
    if region.rows:
        yield region


def _header(region: _Region) -> list[SheetRow]:
    _, rows = _captions(region)
    return rows[: _header_rows(rows)]


def _beside_each_other(region: _Region) -> list[_Region]:
    """Divide a region where neighbouring columns are empty in all its rows."""
    columns = region.columns
    groups: list[list[int]] = []
    for column in columns:
        if groups and column <= groups[-1][-1] + _GAP:
            groups[-1].append(column)
        else:
            groups.append([column])
    if len(groups) == 1:
        return [region]
    parts = []
    for group in groups:
        wanted = frozenset(group)
        rows = [
            SheetRow(row.number, cells, row.numeric & wanted)
            for row in region.rows
            if (cells := {column: text for column, text in row.cells.items() if column in wanted})
        ]
        parts.append(_Region(rows))
    return parts


def _captions(region: _Region) -> tuple[list[SheetRow], list[SheetRow]]:
    """Part the rows above a table that hold one cell (its title) from the table."""
    widest = max(len(row.cells) for row in region.rows)
    rows = region.rows
    at = 0
    if widest > 1:
        while at < min(_CAPTION_ROWS, len(rows) - 1) and len(rows[at].cells) == 1 and not rows[at].numeric:
            at += 1
    return rows[:at], rows[at:]


def _header_rows(rows: Sequence[SheetRow]) -> int:
    """Say how many first rows are a header: filled with words where rows below hold numbers, or just the first row
    of a table of words."""
    if len(rows) < 2 or rows[0].numeric:
        return 0
    first_numbers = next((at for at, row in enumerate(rows[: _HEADER_ROWS + 1]) if row.numeric), 0)
    if first_numbers:
        return first_numbers
    widest = max(len(row.cells) for row in rows[:50])
    return 1 if len(rows[0].cells) >= 0.6 * widest else 0


def _add_region(builder: DocumentBuilder, sheet: str, region: _Region, merges: Sequence[Merge]) -> int:
    captions, rows = _captions(region)
    characters = sum(len(text) for row in region.rows for text in row.cells.values())
    if len({column for row in rows for column in row.cells}) == 1 and not any(row.numeric for row in rows):
        captions, rows = region.rows, []  # one column of words is text, not a table
    for row in captions:
        for column, text in row.cells.items():
            kind = BlockKind.CAPTION if rows and len(text) <= _CAPTION_CHARACTERS else BlockKind.PARAGRAPH
            builder.add(kind, [Run(text, _anchor(sheet, row.number, column))])
    if not rows:
        return characters
    header = _header_rows(rows)
    columns = sorted({column for row in rows for column in row.cells})
    if len(columns) * len(rows) > _SPARSE * sum(len(row.cells) for row in rows) + 1_000:
        grid = [[_cell(sheet, row, column) for column in sorted(row.cells)] for row in rows]
        header = 0
    else:
        spread = _spread(sheet, rows, merges, header)
        grid = [[spread.get((row.number, column)) or _cell(sheet, row, column) for column in columns] for row in rows]
    if builder.segments + sum(len(line) for line in grid) > _CELL_SEGMENTS:
        runs, header_lines = _runs_of_rows(sheet, rows, grid, header)
    else:
        runs, header_lines = table_runs(grid, header)
    builder.add(BlockKind.TABLE, runs, header_rows=header_lines)
    return characters


def _anchor(sheet: str, row: int, column: int) -> CellAnchor:
    return CellAnchor(sheet, f"{column_name(column)}{row}")


def _cell(sheet: str, row: SheetRow, column: int) -> Cell:
    text = row.cells.get(column, "")
    return text, _anchor(sheet, row.number, column) if text else None


def _spread(sheet: str, rows: Sequence[SheetRow], merges: Sequence[Merge], header: int) -> dict[tuple[int, int], Cell]:
    """Repeat a merged cell's text where its label counts: down the rows it covers, and across in a header."""
    if not merges:
        return {}
    by_number = {row.number: row for row in rows}
    header_numbers = {row.number for row in rows[:header]}
    filled = {column for row in rows for column in row.cells}
    spread: dict[tuple[int, int], Cell] = {}
    for merge in merges:
        first = by_number.get(merge.first_row)
        if first is None or merge.first_column not in first.cells:
            continue
        cell = first.cells[merge.first_column], _anchor(sheet, merge.first_row, merge.first_column)
        numbers = (
            range(merge.first_row, merge.last_row + 1)
            if merge.last_row - merge.first_row < len(rows)
            else sorted(number for number in by_number if merge.first_row <= number <= merge.last_row)
        )
        for number in numbers:
            if number not in by_number:
                continue
            across = merge.last_column if number in header_numbers else merge.first_column
            for column in filled:
                if merge.first_column <= column <= across and column not in by_number[number].cells:
                    spread[number, column] = cell
    return spread


def _runs_of_rows(
    sheet: str, rows: Sequence[SheetRow], grid: Sequence[Sequence[Cell]], header: int
) -> tuple[list[Run], int]:
    """Runs of a table that is too large for a segment a cell: one run a row, anchored by its range."""
    width = max(len(line) for line in grid)
    runs: list[Run] = []
    for at, (row, line) in enumerate(zip(rows, grid, strict=True)):
        texts = [escaped(text) for text, _ in line] + [""] * (width - len(line))
        first, last = column_name(min(row.cells)), column_name(max(row.cells))
        runs.append(Run("\n" if at else ""))
        runs.append(Run(f"| {' | '.join(texts)} |", CellAnchor(sheet, f"{first}{row.number}:{last}{row.number}")))
        if at + 1 == header:
            runs.append(Run("\n|" + " --- |" * width))
    return runs, header + 1 if header else 0
