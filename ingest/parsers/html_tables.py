"""The tables of HTML pages: spans repeated, layout tables told from data."""

from __future__ import annotations

from lxml import html  # type: ignore[import-untyped]

from ingest.parsers.html_text import shown, text_of

_MAX_SPAN = 100
_REPEATED_CHARACTERS = 40
_MAX_TABLE_CELLS = 500_000


def is_layout(table: html.HtmlElement) -> bool:
    """Tables that only place things: nested tables, or one cell a row with blocks in it."""
    if next(table.iterdescendants("table"), None) is not None or table.get("role") == "presentation":
        return True
    rows = list(table.iter("tr"))
    return all(len(row) <= 1 for row in rows)


def grid(table: html.HtmlElement) -> tuple[list[list[str]], int]:
    """Return the cells of a table, spans repeated, empty rows and columns left out, and how many rows head it."""
    rows: list[list[str]] = []
    header = cells = 0
    reaching: dict[int, tuple[int, str]] = {}
    """Column → rows that a cell from above still covers, and its text."""
    for row in table.iter("tr"):
        line: list[str] = []
        below: dict[int, tuple[int, str]] = {}
        found = list(row.iterchildren("td", "th"))
        for cell in found:
            _reach_down(reaching, below, line)
            text = shown(text_of(cell))
            down = _span(cell, "rowspan")
            for repeat in range(_span(cell, "colspan")):
                copy = text if repeat == 0 or len(text) <= _REPEATED_CHARACTERS else ""
                if down > 1:
                    below[len(line)] = (down - 1, copy)
                line.append(copy)
        _reach_down(reaching, below, line)
        reaching = below
        cells += len(line)
        if cells > _MAX_TABLE_CELLS:
            break
        if not any(line):
            continue
        heads = row.getparent().tag == "thead" or all(cell.tag == "th" for cell in found)
        if heads and header == len(rows):
            header += 1
        rows.append(line)
    return _without_empty_columns(rows), min(header, max(0, len(rows) - 1))


def _reach_down(reaching: dict[int, tuple[int, str]], below: dict[int, tuple[int, str]], line: list[str]) -> None:
    """Fill the next columns of a line that cells of the rows above cover."""
    while len(line) in reaching:
        left, text = reaching.pop(len(line))
        if left > 1:
            below[len(line)] = (left - 1, text)
        line.append(text)


def _without_empty_columns(rows: list[list[str]]) -> list[list[str]]:
    filled = {column for row in rows for column, text in enumerate(row) if text}
    return [[text for column, text in enumerate(row) if column in filled] for row in rows]


def _span(cell: html.HtmlElement, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(_MAX_SPAN, max(1, int(value))) if value.isdecimal() else 1
