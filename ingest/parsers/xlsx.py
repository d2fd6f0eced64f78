"""Excel workbooks: every sheet's tables, cells as shown; read row by row."""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from ingest.parsers.archive import open_archive, unpacked
from ingest.parsers.builder import DocumentBuilder, Run, one_line, stem
from ingest.parsers.number_formats import shown
from ingest.parsers.sheet_comments import Comment, comments_of
from ingest.parsers.sheet_drawings import add_drawings
from ingest.parsers.sheet_tables import Merge, SheetRow, add_sheet
from ingest.parsers.source import Source
from kb_platform.domain.document import BlockKind, CellAnchor, FileFormat, PageCoverage, PageStatus, ParsedDocument
from kb_platform.domain.errors import CorruptFile

_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_MAX_MERGES = 20_000
_PLAIN_NAME = re.compile(r"^(?:sheet|工作表|表)\s*\d*$", re.IGNORECASE)
_BROKEN = (KeyError, ValueError, TypeError, AttributeError, IndexError, zipfile.BadZipFile, OSError)
"""What openpyxl raises for files that are not as they should be."""
_ERRORS = frozenset(("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"))


def parse(source: Source) -> ParsedDocument:
    """Return the workbook's tables; formulas show their stored results.

    Raises CorruptFile, NothingReadable, LimitExceeded.
    """
    builder = DocumentBuilder(FileFormat.XLSX, source.file_name, source.max_characters)
    pages = []
    with open_archive(source) as archive:
        merges = _merges(archive, source)
        comments = comments_of(archive, source)
    # opened here: openpyxl refuses a path by its suffix, and stored files have none
    with source.path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except _BROKEN as error:
            raise _corrupt(source) from error
        try:
            sheets = workbook.worksheets
            for number, sheet in enumerate(sheets, 1):
                pages.append(_add_sheet(builder, sheet, number, len(sheets), merges, comments, source))
                source.progress(number, len(sheets))
        except _BROKEN as error:
            raise _corrupt(source) from error
        finally:
            workbook.close()
    return builder.finish(title=stem(source.file_name), pages=pages, nothing_readable="its sheets hold no values.")


def _corrupt(source: Source) -> CorruptFile:
    return CorruptFile(source.file_name, "its workbook cannot be read. Open it in Excel and save it again as .xlsx.")


def _add_sheet(
    builder: DocumentBuilder,
    sheet: Any,
    number: int,
    count: int,
    merges: dict[str, list[Merge]],
    comments: dict[str, list[Comment]],
    source: Source,
) -> PageCoverage:
    title = str(sheet.title)
    part = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
    before = builder.characters
    rows = _rows(sheet)
    first = next(rows, None)
    if first is not None:
        if count > 1 or not _PLAIN_NAME.match(title):
            builder.add(BlockKind.HEADING, [Run(title)], level=1)
        characters = add_sheet(builder, title, _again(first, rows), merges.get(part, ()))
    else:
        characters = 0
    for comment in comments.get(part, ()):
        author = [Run(f"{comment.author}: ")] if comment.author else []
        builder.add(BlockKind.NOTES, [*author, Run(comment.text, CellAnchor(title, comment.cell))])
    with open_archive(source) as archive:
        add_drawings(builder, archive, part, title, source)
    status = PageStatus.TEXT if builder.characters > before else PageStatus.EMPTY
    reason = "hidden sheet" if sheet.sheet_state != "visible" else ""
    return PageCoverage(number, status, characters, title, reason)


def _again(first: SheetRow, rest: Iterator[SheetRow]) -> Iterator[SheetRow]:
    yield first
    yield from rest


def _rows(sheet: Any) -> Iterator[SheetRow]:
    """Yield the filled rows. Dimensions that the file declares are not believed: they may name a million columns."""
    sheet.reset_dimensions()
    for row in sheet.iter_rows():
        cells: dict[int, str] = {}
        numeric = set()
        number = 0
        for cell in row:
            value = cell.value
            if value is None:
                continue
            text = one_line(shown(value, cell.number_format))
            if not text or text in _ERRORS:
                continue
            cells[cell.column] = text
            number = cell.row
            if isinstance(value, int | float | dt.date | dt.time | dt.timedelta) and not isinstance(value, bool):
                numeric.add(cell.column)
        if cells:
            yield SheetRow(number, cells, frozenset(numeric))


def _merges(archive: zipfile.ZipFile, source: Source) -> dict[str, list[Merge]]:
    """Return each sheet part's merged ranges, found by a scan (openpyxl leaves them out when it reads row by row)."""
    found: dict[str, list[Merge]] = {}
    for entry in archive.infolist():
        if not re.match(r"xl/worksheets/[^/]+\.xml$", entry.filename):
            continue
        merges: list[Merge] = []
        tail = b""
        for step in unpacked(archive, entry, source):
            window = tail + step
            for match in _MERGE.finditer(window):
                left, top, right, bottom = range_boundaries(match.group(1).decode("ascii"))
                if None not in (left, top, right, bottom) and len(merges) < _MAX_MERGES:
                    merges.append(Merge(int(top or 0), int(left or 0), int(bottom or 0), int(right or 0)))
            cut = window.rfind(b"<")
            tail = window[cut:] if cut >= 0 and len(window) - cut < 512 else b""
        found[entry.filename] = merges
    return found
