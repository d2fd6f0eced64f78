"""Joins what a parser finds into canonical text, and keeps the offsets of every segment right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kb_platform.domain.document import (
    BLOCK_SEPARATOR,
    Anchor,
    Block,
    BlockKind,
    FileFormat,
    PageAnchor,
    PageCoverage,
    ParagraphAnchor,
    ParsedDocument,
    Segment,
)
from kb_platform.domain.errors import LimitExceeded, NothingReadable

_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad"  # control characters, soft hyphen
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, direction overrides
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"  # lone surrogates, not characters, tags
)
_LINE_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_BLANKS = str.maketrans({"\xa0": " ", "\u3000": " ", "\u2002": " ", "\u2003": " ", "\u2009": " ", "\u202f": " "})
_SUSPECT = re.compile(
    "[^\n\x20-\x7e\xa1-\xac\xae-\u061b\u061d-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2fff\u3001-\ud7ff\ue000-\ufefe\uff00-\ufff8]"
)

_TITLE_WITHIN = 20_000
_NO_TITLES = frozenset(
    (
        "目录",
        "目次",
        "目錄",
        "前言",
        "引言",
        "摘要",
        "contents",
        "tableofcontents",
        "abstract",
        "preface",
        "introduction",
    )
)


@dataclass(frozen=True, slots=True)
class Run:
    """Text that one place of the original shows; without an anchor, text that joins others (a space, a cell border)."""

    text: str
    anchor: Anchor | None = None


def cleaned(text: str) -> str:
    """Return the text without characters that show nothing; odd blanks become spaces, odd line ends newlines."""
    if not _SUSPECT.search(text):
        return text
    return _UNWANTED.sub("", _LINE_BREAKS.sub("\n", text)).translate(_BLANKS)


def one_line(text: str) -> str:
    """Return the cleaned text with every run of white space as one space."""
    return " ".join(cleaned(text).split())


class DocumentBuilder:
    """Collects blocks in reading order.

    Raises LimitExceeded as soon as the text is longer than `max_characters`.
    """

    def __init__(self, file_format: FileFormat, file_name: str, max_characters: int) -> None:
        self.format = file_format
        self.file_name = file_name
        self.warnings: list[str] = []
        self.metadata: dict[str, str] = {}
        self._max_characters = max_characters
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self.segments = 0

    def __len__(self) -> int:
        return len(self._blocks)

    @property
    def characters(self) -> int:
        """Characters so far, separators included."""
        return self._length

    def warn(self, text: str) -> None:
        """Keep a warning for the uploader, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def add(self, kind: BlockKind, runs: Iterable[Run], level: int = 0, header_rows: int = 0) -> bool:
        """Add a block of these runs in their order. Returns False, adding nothing, when they hold no text."""
        pieces = _stripped([piece for run in runs if (piece := _cleaned_run(run)).text])
        if not pieces:
            return False
        start = self._length + (len(BLOCK_SEPARATOR) if self._blocks else 0)
        position = start
        segments = []
        for piece in pieces:
            end = position + len(piece.text)
            if piece.anchor is not None:
                segments.append(Segment(position, end, piece.anchor))
            position = end
        if position > self._max_characters:
            raise LimitExceeded(
                self.file_name,
                f"it holds more text than the {self._max_characters:,} characters that one file may have. "
                "Split it into several files.",
            )
        self.segments += len(segments)
        if self._blocks:
            self._parts.append(BLOCK_SEPARATOR)
        self._parts.extend(piece.text for piece in pieces)
        self._length = position
        self._blocks.append(Block(kind, start, position, tuple(segments), level, header_rows))
        return True

    def add_paragraph(self, kind: BlockKind, text: str, level: int = 0, header_rows: int = 0) -> bool:
        """Add a block that is anchored by its own number, as flowing documents are."""
        return self.add(kind, [Run(text, ParagraphAnchor(len(self._blocks) + 1))], level, header_rows)

    def finish(
        self,
        title: str = "",
        pages: Sequence[PageCoverage] = (),
        nothing_readable: str = "it holds no text.",
        title_in_text: bool = False,
    ) -> ParsedDocument:
        """Return the document. Raises NothingReadable, with that reason, when no block was added.

        Without a title the first heading of the highest level is taken, else the file's name without suffix; so too,
        with `title_in_text`, when the title (a property that templates leave behind) does not occur in the text.
        """
        if not self._blocks:
            raise NothingReadable(self.file_name, nothing_readable)
        text = "".join(self._parts)
        if title_in_text and "".join(title.split()) not in "".join(text[:_TITLE_WITHIN].split()):
            title = ""
        return ParsedDocument(
            format=self.format,
            title=(one_line(title) or self._first_heading(text) or stem(self.file_name))[:300],
            text=text,
            blocks=tuple(self._blocks),
            pages=tuple(pages),
            warnings=tuple(self.warnings),
            metadata={key: one_line(value) for key, value in self.metadata.items() if value},
        )

    def _first_heading(self, text: str) -> str:
        early = [block for block in self._blocks[:20] if block.kind == BlockKind.HEADING]
        if not early:
            return ""
        named = [block for block in early if "".join(text[block.start : block.end].split()).lower() not in _NO_TITLES]
        if not named:
            return ""
        first = min(named, key=lambda block: block.level)
        return one_line(text[first.start : first.end])


def stem(file_name: str) -> str:
    """Return the file's name without folder and suffix."""
    name = one_line(file_name.replace("\\", "/").rsplit("/", 1)[-1])
    return name.rsplit(".", 1)[0] or name


def _cleaned_run(run: Run) -> Run:
    text = cleaned(run.text)
    if text == run.text:
        return run
    anchor = run.anchor
    if isinstance(anchor, PageAnchor) and anchor.edges and len(text) != len(run.text):
        kept = [at for at, character in enumerate(run.text) if cleaned(character)]
        edges = (*(anchor.edges[at] for at in kept), anchor.edges[-1])
        anchor = replace(anchor, edges=edges if len(kept) == len(text) else ())
    return Run(text, anchor)


def _stripped(runs: list[Run]) -> list[Run]:
    while runs and not runs[0].text.strip():
        runs = runs[1:]
    while runs and not runs[-1].text.strip():
        runs = runs[:-1]
    if runs:
        runs[0] = _cut(runs[0], len(runs[0].text) - len(runs[0].text.lstrip()), len(runs[0].text))
        runs[-1] = _cut(runs[-1], 0, len(runs[-1].text.rstrip()))
    return runs


def _cut(run: Run, start: int, end: int) -> Run:
    if start == 0 and end == len(run.text):
        return run
    anchor = run.anchor
    if isinstance(anchor, PageAnchor) and anchor.edges:
        edges = anchor.edges[start : end + 1]
        anchor = replace(anchor, x0=edges[0], x1=edges[-1], edges=edges)
    return Run(run.text[start:end], anchor)
