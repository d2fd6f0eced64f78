"""Files inside a file: attachments of a message, members of an archive, chapters of a book. Each is read by its own
parser and becomes a part of the document that holds it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ingest.parsers.builder import DocumentBuilder
from ingest.parsers.source import Source
from kb_platform.domain.document import BlockKind, PageCoverage, PageStatus, ParsedDocument
from kb_platform.domain.errors import LimitExceeded, UnreadableFile

MOST_DEPTH = 3
MOST_MEMBERS = 500
_LOWEST_HEADING = 9


def add_member(builder: DocumentBuilder, name: str, data: bytes, number: int, source: Source) -> PageCoverage:
    """Read a file that lies in `source` and add it under a heading that names it.

    What cannot be read is said in a warning and in the coverage that is returned, as part `number`; it does not keep
    the rest from being read. Raises LimitExceeded when the whole gets too long.
    """
    try:
        if source.depth >= MOST_DEPTH:
            raise LimitExceeded(name, f"it lies more than {MOST_DEPTH} files deep. Upload it by itself.")
        with stored(data, name, source) as inner:
            parsed = _parsed(inner)
    except UnreadableFile as error:
        builder.warn(f"{name}: {error.reason}")
        return PageCoverage(number, PageStatus.FAILED, 0, name, error.reason)
    before = builder.characters
    builder.add_paragraph(BlockKind.HEADING, name, level=1)
    add_parsed(builder, parsed)
    for warning in parsed.warnings:
        builder.warn(f"{name}: {warning}")
    recognised = parsed.pages and all(page.status in (PageStatus.OCR, PageStatus.EMPTY) for page in parsed.pages)
    failed = sum(page.status == PageStatus.FAILED for page in parsed.pages)
    reason = f"{failed} of its {len(parsed.pages)} pages or parts cannot be read" if failed else ""
    status = PageStatus.OCR if recognised else PageStatus.TEXT
    return PageCoverage(number, status, builder.characters - before, name, reason)


def add_parsed(builder: DocumentBuilder, parsed: ParsedDocument, deeper: int = 1) -> None:
    """Add the blocks of a document that is a part of this one, its headings `deeper` levels down."""
    for block in parsed.blocks:
        level = block.level
        if block.kind == BlockKind.HEADING:
            level = min(_LOWEST_HEADING, level + deeper)
        builder.add_paragraph(block.kind, parsed.block_text(block), level, block.header_rows)


@contextmanager
def stored(data: bytes, name: str, source: Source) -> Iterator[Source]:
    """Keep bytes as a file for a parser to read, one file deeper than `source`; it is gone when the block ends."""
    with tempfile.NamedTemporaryFile(prefix="kb-member-") as file:
        file.write(data)
        file.flush()
        yield replace(source, path=Path(file.name), file_name=name, depth=source.depth + 1, progress=_silent)


def _silent(_done: int, _total: int) -> None:
    """Pages of a member are not the pages of the file that holds it."""


def _parsed(inner: Source) -> ParsedDocument:
    from ingest.parsers import parse

    try:
        return parse(inner)
    except (UnreadableFile, MemoryError):
        raise
    except Exception as error:  # a library's failure on one member is no reason to lose the others
        raise UnreadableFile(inner.file_name, f"its content cannot be read ({type(error).__name__}).") from error
