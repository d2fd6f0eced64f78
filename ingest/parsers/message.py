"""E-mail messages, however they are stored: who wrote what to whom, the body, the attachments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.parsers.builder import DocumentBuilder, cleaned, one_line
from ingest.parsers.members import MOST_DEPTH, MOST_MEMBERS, add_member, add_parsed, stored
from ingest.parsers.source import Source
from ingest.parsers.text import paragraphs
from kb_platform.domain.document import BlockKind, FileFormat, PageCoverage, PageStatus, ParsedDocument
from kb_platform.domain.errors import NothingReadable, UnreadableFile

_DECORATION_BYTES = 24 * 1024
"""A picture up to this size that the body's HTML shows is a logo or a rule, not a document."""
_LEAST_SHARE = 0.5
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|bmp|webp)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file, or a whole message, that a message carries. `shown_in_body`: the HTML shows it as a picture."""

    name: str
    data: bytes = b""
    message: Message | None = None
    shown_in_body: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message's parts. `html` and `text` are two writings of the same body; either may be empty."""

    subject: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    html: str = ""
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    problems: tuple[str, ...] = ()


def parse_message(message: Message, source: Source) -> ParsedDocument:
    """Return a message as a document: subject, headers, body, then each attachment under its name.

    Raises NothingReadable when neither body nor attachments hold text, LimitExceeded.
    """
    builder = DocumentBuilder(FileFormat.EMAIL, source.file_name, source.max_characters)
    builder.metadata.update({name.lower(): value for name, value in message.headers})
    attachments = [item for item in message.attachments if not _is_decoration(item)]
    pages = [_add_letter(builder, message, 1, source)]
    source.progress(1, 1 + len(attachments))
    for number, item in enumerate(attachments[:MOST_MEMBERS], 2):
        pages.append(_add_attachment(builder, item, number, source))
        source.progress(number, 1 + len(attachments))
    if len(attachments) > MOST_MEMBERS:
        builder.warn(f"It has {len(attachments):,} attachments; {MOST_MEMBERS:,} were read.")
    if not any(page.characters for page in pages):
        raise NothingReadable(source.file_name, "the message has no text and no attachment that can be read.")
    return builder.finish(title=message.subject, pages=pages)


def _add_letter(builder: DocumentBuilder, message: Message, number: int, source: Source) -> PageCoverage:
    """Add subject, headers and body; the coverage counts the body's characters."""
    for problem in message.problems:
        builder.warn(problem)
    builder.add_paragraph(BlockKind.HEADING, one_line(message.subject), level=1)
    lines = [f"{name}: {shown}" for name, value in message.headers if (shown := one_line(value))]
    builder.add_paragraph(BlockKind.PARAGRAPH, "\n".join(lines))
    before = builder.characters
    _add_body(builder, message, source)
    characters = builder.characters - before
    if message.problems and not characters:
        return PageCoverage(number, PageStatus.FAILED, 0, "", message.problems[0])
    return PageCoverage(number, PageStatus.TEXT if characters else PageStatus.EMPTY, characters)


def _add_body(builder: DocumentBuilder, message: Message, source: Source) -> None:
    plain = cleaned(message.text).strip()
    if message.html.strip():
        from ingest.parsers import html

        try:
            with stored(b"\xef\xbb\xbf" + message.html.encode("utf-8", "replace"), "body.html", source) as inner:
                body = html.parse(inner)
        except UnreadableFile as error:
            if not plain and not isinstance(error, NothingReadable):
                builder.warn(f"The body cannot be read: {error.reason}")
        else:
            if len(body.text) >= _LEAST_SHARE * len(plain):
                add_parsed(builder, body)
                return
    for paragraph in paragraphs(plain):
        builder.add_paragraph(BlockKind.PARAGRAPH, paragraph)


def _add_attachment(builder: DocumentBuilder, item: Attachment, number: int, source: Source) -> PageCoverage:
    if item.message is None:
        return add_member(builder, item.name, item.data, number, source)
    if source.depth >= MOST_DEPTH:
        reason = f"it lies more than {MOST_DEPTH} messages deep. Upload it by itself."
        builder.warn(f"{item.name}: {reason}")
        return PageCoverage(number, PageStatus.FAILED, 0, item.name, reason)
    try:
        parsed = parse_message(item.message, replace(source, file_name=item.name, depth=source.depth + 1))
    except NothingReadable as error:
        builder.warn(f"{item.name}: {error.reason}")
        return PageCoverage(number, PageStatus.EMPTY, 0, item.name, error.reason)
    before = builder.characters
    add_parsed(builder, parsed)
    for warning in parsed.warnings:
        builder.warn(f"{item.name}: {warning}")
    return PageCoverage(number, PageStatus.TEXT, builder.characters - before, item.name)


def _is_decoration(item: Attachment) -> bool:
    return item.shown_in_body and len(item.data) <= _DECORATION_BYTES and bool(_PICTURE.search(item.name))


def headers_of(values: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the headers that have a value."""
    return tuple((name, one_line(value)) for name, value in values if one_line(value))
