"""CSV in any common encoding and dialect, as one table."""

from __future__ import annotations

import csv
import io
from collections import Counter

from ingest.parsers.builder import DocumentBuilder, cleaned, stem
from ingest.parsers.decoding import decode
from ingest.parsers.sheet_tables import SheetRow, add_sheet
from ingest.parsers.source import Source
from kb_platform.domain.document import FileFormat, PageCoverage, PageStatus, ParsedDocument
from kb_platform.domain.errors import CorruptFile

_DELIMITERS = ",\t;|"
_SAMPLE_LINES = 200
_FIELD_LIMIT = 1_000_000


def parse(source: Source) -> ParsedDocument:
    """Return the file's tables; cells are named as a spreadsheet would (A1), the sheet as the file.

    Raises NothingReadable, GarbledText, CorruptFile, LimitExceeded.
    """
    text, encoding = decode(source.path.read_bytes(), source.file_name)
    text = cleaned(text)
    builder = DocumentBuilder(FileFormat.CSV, source.file_name, source.max_characters)
    builder.metadata["encoding"] = encoding
    sheet = stem(source.file_name)
    csv.field_size_limit(_FIELD_LIMIT)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    try:
        filled = (
            SheetRow(number, {column: value.strip() for column, value in enumerate(row, 1) if value.strip()})
            for number, row in enumerate(rows, 1)
        )
        characters = add_sheet(builder, sheet, filled, (), whole=True)
    except csv.Error as error:
        raise CorruptFile(source.file_name, f"its rows cannot be read ({error}).") from error
    page = PageCoverage(1, PageStatus.TEXT if characters else PageStatus.EMPTY, characters, sheet)
    return builder.finish(title=sheet, pages=[page])


def delimiter_of(text: str) -> str:
    """Return the delimiter that divides the first lines into the most even number of columns (a comma in doubt)."""
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        lines = text[: 256 * 1024].splitlines(keepends=True)[:_SAMPLE_LINES]
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not widths:
            continue
        usual, times = Counter(widths).most_common(1)[0]
        score = times / len(widths) * (1 + min(usual, 50) / 100) if usual > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best
