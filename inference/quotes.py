"""What can be quoted from a passage: its sentences, and the rows of its tables made readable."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from inference.sentences import Span, is_table_row, is_table_rule, split_sentences, table_cells
from kb_platform.domain.answer import Source

LONGEST_SENTENCE = 320
"""Characters from which a sentence without an end is quoted by its clauses."""
HEADING_LENGTH = 40
_CLAUSE_END = re.compile(r"[；;]\s*|(?<=[，,、])\s*")
_SENTENCE_END = re.compile(r"[。！？!?.…；;：:”\"’）)\]|]$")
_FIGURE_END = re.compile(r"\d[\d.,]+\s*[%％元]?$")
_LIST_MARK = re.compile(
    r"^\s*(?:[-*•·▪●]|\(?\d{1,3}[.)、）]|[（(][一二三四五六七八九十\d]{1,3}[）)]|[一二三四五六七八九十]{1,3}、)"
)


@dataclass(frozen=True, slots=True)
class Quote:
    """Characters [start, end) of a source's passage. `text` is how it reads in an answer: the very words, or a table
    row with its headers."""

    source: Source
    ordinal: int
    """Place in the passage, from 0."""
    start: int
    end: int
    text: str
    is_row: bool = False
    is_heading: bool = False
    """A short line without an end mark: it names what follows and answers nothing by itself."""
    is_item: bool = False

    @property
    def leads_in(self) -> bool:
        """Say whether it announces what comes next (“The conditions are:”)."""
        return self.is_heading or self.text.rstrip("*_ ").endswith((":", "："))


def quotes_of(source: Source) -> list[Quote]:
    """Return everything quotable of the passage in reading order; header and rule lines of tables are left out."""
    text = source.hit.text
    quotes: list[Quote] = []

    def add(span: Span, reads: str, is_row: bool) -> None:
        if not any(character.isalnum() for character in reads):
            return  # a drawn line, a row of dots
        is_item = bool(_LIST_MARK.match(reads)) and not is_row
        is_heading = (
            not is_row
            and not is_item
            and len(reads) <= HEADING_LENGTH
            and (not _SENTENCE_END.search(reads) or reads.startswith("#"))
        )
        quotes.append(Quote(source, len(quotes), span.start, span.end, reads, is_row, is_heading, is_item))

    header = _header_in_context(source.hit.context)
    lines = _lines(text)
    position = 0
    while position < len(lines):
        line = lines[position]
        row = line.of(text)
        if not is_table_row(row):
            run_start = line.start
            while position < len(lines) and not is_table_row(lines[position].of(text)):
                position += 1
            for span in _prose(text, run_start, lines[position - 1].end):
                add(span, " ".join(span.of(text).split()), is_row=False)
            continue
        follows_rule = position + 1 < len(lines) and is_table_rule(lines[position + 1].of(text))
        if follows_rule:
            header = table_cells(row)
        elif not is_table_rule(row) and any(table_cells(row)):
            span = _stripped(text, line)
            add(span, readable_row(table_cells(row), header), is_row=True)
        position += 1
    return _tell_items_from_headings(quotes)


def _tell_items_from_headings(quotes: list[Quote]) -> list[Quote]:
    """Short lines in a row (a slide, a receipt), and those that end in a figure, are items of a list; what the document
    calls a heading stays one."""
    told: list[Quote] = []
    for place, quote in enumerate(quotes):
        neighbours = quotes[max(place - 1, 0) : place] + quotes[place + 1 : place + 2]
        stands_alone = not any(other.is_heading for other in neighbours)
        is_named = quote.text.lstrip("# ") in quote.source.hit.heading_path or quote.text.startswith("#")
        names_nothing = not stands_alone or _FIGURE_END.search(quote.text) is not None
        is_item = quote.is_heading and names_nothing and not is_named
        told.append(replace(quote, is_heading=False, is_item=True) if is_item else quote)
    return told


def readable_row(cells: list[str], header: list[str]) -> str:
    """Return a row as `header: value; header: value`; the first cell names the row when it has no header."""
    parts = []
    for number, cell in enumerate(cells):
        if not cell:
            continue
        name = header[number].strip() if number < len(header) else ""
        parts.append(f"{name}: {cell}" if name and name != cell else cell)
    return "; ".join(parts)


def _header_in_context(context: str) -> list[str]:
    rows = [line for line in context.splitlines() if is_table_row(line) and not is_table_rule(line)]
    return table_cells(rows[-1]) if rows else []


def _prose(text: str, start: int, end: int) -> list[Span]:
    spans = []
    for span in split_sentences(text[start:end]):
        whole = Span(start + span.start, start + span.end)
        spans.extend(_clauses(text, whole) if whole.end - whole.start > LONGEST_SENTENCE else [whole])
    return spans


def _clauses(text: str, span: Span) -> list[Span]:
    """Return an overlong sentence in pieces that end at clause marks."""
    pieces: list[Span] = []
    start = span.start
    last_cut = span.start
    for match in _CLAUSE_END.finditer(text, span.start, span.end):
        if match.end() - start > LONGEST_SENTENCE // 2 and match.end() > last_cut:
            pieces.append(_stripped(text, Span(start, match.end())))
            start = last_cut = match.end()
    if start < span.end:
        pieces.append(_stripped(text, Span(start, span.end)))
    return [piece for piece in pieces if piece.end > piece.start]


def _lines(text: str) -> list[Span]:
    spans, start = [], 0
    for line in text.splitlines(keepends=True):
        spans.append(Span(start, start + len(line.rstrip("\r\n"))))
        start += len(line)
    return spans


def _stripped(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)
