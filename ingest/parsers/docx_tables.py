"""The tables of a Word document: merged cells, header rows, tables inside cells."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

from ingest.parsers.builder import one_line
from ingest.parsers.docx_text import blocks_of, read_paragraph
from ingest.parsers.office_xml import attribute, child, local

_REPEATED_CHARACTERS = 40


def table_rows(table: etree._Element) -> tuple[list[list[str]], int]:
    """Return the cells of a Word table, merged ones repeated where their label counts, and its header rows."""
    rows: list[list[str]] = []
    header = 0
    above: dict[int, str] = {}
    for row in _direct(table, "tr"):
        line: list[str] = []
        properties = child(row, "trPr")
        before = child(properties, "gridBefore") if properties is not None else None
        if before is not None and attribute(before, "val").isdecimal():
            line.extend([""] * min(60, int(attribute(before, "val"))))
        for cell in _direct(row, "tc"):
            merge = child(cell, "tcPr", "vMerge")
            if merge is not None and attribute(merge, "val") != "restart":
                text = above.get(len(line), "")
            else:
                text = " ".join(_cell_texts(cell))
            if merge is not None:
                above[len(line)] = text if len(text) <= _REPEATED_CHARACTERS else ""
            else:
                above.pop(len(line), None)
            span = child(cell, "tcPr", "gridSpan")
            width = attribute(span, "val") if span is not None else "1"
            copies = min(60, int(width)) if width.isdecimal() else 1
            line.append(text)
            line.extend([text if not rows and len(text) <= _REPEATED_CHARACTERS else ""] * (copies - 1))
        if properties is not None and child(properties, "tblHeader") is not None and header == len(rows):
            header += 1
        rows.append(line)
    rows = [row for row in rows if any(row)]
    if rows and header == 0 and _looks_like_header(rows):
        header = 1
    return _without_empty_columns(rows), min(header, max(0, len(rows) - 1))


def _cell_texts(cell: etree._Element) -> list[str]:
    texts: list[str] = []
    for element in blocks_of(cell):
        if local(element) == "tbl":
            inner, _ = table_rows(element)
            texts.extend(", ".join(text for text in row if text) for row in inner)
        else:
            texts.append(one_line(read_paragraph(element).text))
    return [text for text in texts if text]


def _direct(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield rows of a table or cells of a row, through content controls and revision marks but not nested tables."""
    for inner in element:
        found = local(inner)
        if found == name:
            yield inner
        elif found in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"):
            yield from _direct(inner, name)


def _looks_like_header(rows: list[list[str]]) -> bool:
    first = rows[0]
    return len(rows) > 1 and all(first) and len(set(first)) > 1 and all(len(text) <= 60 for text in first)


def _without_empty_columns(rows: list[list[str]]) -> list[list[str]]:
    filled = {column for row in rows for column, text in enumerate(row) if text}
    return [[text for column, text in enumerate(row) if column in filled] for row in rows]
