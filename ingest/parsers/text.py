"""Plain text: paragraphs, hard line wraps healed, chapter titles as headings."""

from __future__ import annotations

import re
import unicodedata

from ingest.parsers.builder import DocumentBuilder, cleaned
from ingest.parsers.decoding import decode
from ingest.parsers.scripts import ARTICLE, LIST_MARK, chinese_heading_level, join_lines
from ingest.parsers.source import Source
from kb_platform.domain.document import BlockKind, FileFormat, ParsedDocument

_BLANK_LINES = re.compile(r"\n[ \t\u3000]*(?:\n[ \t\u3000]*)+")


def parse(source: Source) -> ParsedDocument:
    """Return the text file's paragraphs. Raises NothingReadable, GarbledText, LimitExceeded."""
    text, encoding = decode(source.path.read_bytes(), source.file_name)
    builder = DocumentBuilder(FileFormat.TEXT, source.file_name, source.max_characters)
    builder.metadata["encoding"] = encoding
    for paragraph in paragraphs(cleaned(text)):
        level = chinese_heading_level(paragraph)
        if level:
            builder.add_paragraph(BlockKind.HEADING, paragraph, level)
        else:
            kind = BlockKind.LIST_ITEM if LIST_MARK.match(paragraph) else BlockKind.PARAGRAPH
            builder.add_paragraph(kind, paragraph, 1 if kind == BlockKind.LIST_ITEM else 0)
    return builder.finish()


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text: what blank lines divide; a file without blank lines has one a line."""
    parts = _BLANK_LINES.split(text)
    filled = [part for part in parts if part.strip()]
    lines = sum(part.count("\n") + 1 for part in filled)
    if filled and lines / len(filled) > 20 and not _is_wrapped(filled):
        return [line.strip() for part in filled for line in part.split("\n") if line.strip()]
    found: list[str] = []
    for part in filled:
        found.extend(_unwrapped([line.strip() for line in part.split("\n") if line.strip()]))
    return found


def _unwrapped(lines: list[str]) -> list[str]:
    """Join lines that were broken at a fixed width; headings and articles stand alone; other lines stay lines."""
    groups: list[list[str]] = []
    for line in lines:
        starts = bool(ARTICLE.match(line)) or bool(chinese_heading_level(line))
        if not groups or starts or chinese_heading_level(groups[-1][0]):
            groups.append([line])
        else:
            groups[-1].append(line)
    return [join_lines(group) if _is_wrapped_paragraph(group) else "\n".join(group) for group in groups]


def _width(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def _is_wrapped_paragraph(lines: list[str]) -> bool:
    if len(lines) < 2 or any(LIST_MARK.match(line) for line in lines[1:]):
        return False
    widths = [_width(line) for line in lines]
    widest = max(widths)
    return 50 <= widest <= 110 and min(widths[:-1]) >= 0.8 * widest


def _is_wrapped(parts: list[str]) -> bool:
    lines = [line for part in parts for line in part.split("\n") if line.strip()]
    widths = sorted(_width(line) for line in lines)
    widest = widths[-1]
    full = sum(width >= 0.85 * widest for width in widths)
    return 50 <= widest <= 110 and full / len(widths) > 0.6
