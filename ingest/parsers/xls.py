"""Excel workbooks of 1993 to 2003 (.xls): the same tables, cell anchors and number formats as .xlsx."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import xlrd  # type: ignore[import-untyped]

from ingest.parsers.builder import DocumentBuilder, Run, one_line, stem
from ingest.parsers.number_formats import shown
from ingest.parsers.sheet_tables import Merge, SheetRow, add_sheet, column_name
from ingest.parsers.source import Source
from kb_platform.domain.document import BlockKind, CellAnchor, FileFormat, PageCoverage, PageStatus, ParsedDocument
from kb_platform.domain.errors import CorruptFile, PasswordRequired

_MOST_MERGES = 20_000


def parse(source: Source) -> ParsedDocument:
    """Return the workbook's tables. Raises CorruptFile, PasswordRequired, NothingReadable, LimitExceeded."""
    builder = DocumentBuilder(FileFormat.XLSX, source.file_name, source.max_characters)
    pages = []
    try:
        workbook = xlrd.open_workbook(
            str(source.path), logfile=io.StringIO(), formatting_info=True, on_demand=True, ragged_rows=True
        )
        with workbook:
            names = workbook.sheet_names()
            for number, name in enumerate(names, 1):
                sheet = workbook.sheet_by_name(name)
                pages.append(_add_sheet(builder, workbook, sheet, number, len(names)))
                workbook.unload_sheet(name)
                source.progress(number, len(names))
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise PasswordRequired(
                source.file_name, "it is protected by a password. Upload it with the password."
            ) from error
        raise _damaged(source) from error
    except (
        xlrd.compdoc.CompDocError,
        ValueError,
        TypeError,
        IndexError,
        KeyError,
        AttributeError,
        ArithmeticError,
    ) as error:
        raise _damaged(source) from error
    except AssertionError as error:  # xlrd's checks of the file's structure
        raise _damaged(source) from error
    return builder.finish(title=stem(source.file_name), pages=pages, nothing_readable="its sheets hold no values.")


def _damaged(source: Source) -> CorruptFile:
    return CorruptFile(source.file_name, "its workbook cannot be read. Open it in Excel and save it as .xlsx.")


def _add_sheet(builder: DocumentBuilder, workbook: Any, sheet: Any, number: int, count: int) -> PageCoverage:
    title = str(sheet.name)
    before = builder.characters
    rows = list(_rows(workbook, sheet))
    characters = 0
    if rows:
        if count > 1:
            builder.add(BlockKind.HEADING, [Run(title)], level=1)
        merges = [
            Merge(top + 1, left + 1, bottom, right) for top, bottom, left, right in sheet.merged_cells[:_MOST_MERGES]
        ]
        characters = add_sheet(builder, title, rows, merges)
    for (row, column), note in sorted(sheet.cell_note_map.items()):
        if text := one_line(note.text or ""):
            builder.add(BlockKind.NOTES, [Run(text, CellAnchor(title, f"{column_name(column + 1)}{row + 1}"))])
    status = PageStatus.TEXT if builder.characters > before else PageStatus.EMPTY
    return PageCoverage(number, status, characters, title, "hidden sheet" if sheet.visibility else "")


def _rows(workbook: Any, sheet: Any) -> Iterator[SheetRow]:
    for row in range(sheet.nrows):
        cells: dict[int, str] = {}
        numeric = set()
        for column, cell in enumerate(sheet.row(row), 1):
            value = _value(cell, workbook.datemode)
            if value is None or value == "":
                continue
            if text := one_line(shown(value, _number_format(workbook, cell))):
                cells[column] = text
                if not isinstance(value, str | bool):
                    numeric.add(column)
        if cells:
            yield SheetRow(row + 1, cells, frozenset(numeric))


def _value(cell: Any, datemode: int) -> object:
    """Return a cell's value with its own type; None for blanks and error codes."""
    kind, value = cell.ctype, cell.value
    if kind == xlrd.XL_CELL_TEXT:
        return value
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_NUMBER:
        return int(value) if float(value).is_integer() and abs(value) < 1e15 else value
    if kind == xlrd.XL_CELL_DATE:
        try:
            moment: dt.datetime = xlrd.xldate_as_datetime(value, datemode)
        except (xlrd.XLDateError, OverflowError, ValueError):
            return value
        return moment.time() if 0 <= value < 1 else moment
    return None


def _number_format(workbook: Any, cell: Any) -> str:
    try:
        return str(workbook.format_map[workbook.xf_list[cell.xf_index].format_key].format_str)
    except (KeyError, IndexError, TypeError):
        return "General"
