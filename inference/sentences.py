"""Sentences of Chinese and English text, and of a table its rows, as character spans."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Closing quotes and brackets stay with the sentence that they close.
_CLOSERS = "”’」』）)】》\"'"
_CHINESE_END = re.compile(rf"[。！？!?…]+[{_CLOSERS}]*")
_ENGLISH_END = re.compile(rf"(?<=[^\s.])\.+[{_CLOSERS}]*(?=\s|$)")
_END = re.compile(rf"{_CHINESE_END.pattern}|{_ENGLISH_END.pattern}|\n+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nos|Fig|Figs|Eq|Sec|Art|Vol|pp|p|vs|etc|al|e\.g|i\.e|cf|Jr|Sr|Inc|Ltd|Co|Corp"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|U\.S|U\.K|a\.m|p\.m|approx|Dept|Univ|Gen|Gov|Sen|Rep|Col|Capt"
    r"|Lt|Mt|Ph\.D)|\b[A-Z]|^\s*\d{1,3}|\n\s*\d{1,3})\.$"
)
_TABLE_ROW = re.compile(r"^\s*\|.*\|\s*$")
_TABLE_RULE = re.compile(r"^\s*\|(?:\s*:?-{1,}:?\s*\|)+\s*$")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of a text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


def split_sentences(text: str) -> list[Span]:
    """Return the sentences of the text in order, without the white space around them; a line end ends one too."""
    spans: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        if match.start() < start:
            continue
        if match.group().startswith(".") and _is_abbreviation(text, start, match):
            continue
        _add(spans, text, start, match.end())
        start = match.end()
    _add(spans, text, start, len(text))
    return spans


def is_table_row(line: str) -> bool:
    """Say whether the line is a Markdown table row (the rule line under the header counts too)."""
    return bool(_TABLE_ROW.match(line))


def is_table_rule(line: str) -> bool:
    return bool(_TABLE_RULE.match(line))


def table_cells(line: str) -> list[str]:
    """Return the cells of a Markdown table row."""
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _is_abbreviation(text: str, start: int, match: re.Match[str]) -> bool:
    before = text[max(start, match.start() - 12) : match.start() + 1]
    if not _ABBREVIATION.search(before):
        return False
    # "… in the U.S. The" ends a sentence more often than not only for longer words; a single capital is an initial.
    return bool(text[match.end() :].strip())


def _add(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        spans.append(Span(start, end))
