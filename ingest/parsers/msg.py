"""Messages that Outlook saved (.msg): properties in an OLE container, as [MS-OXMSG] describes them."""

from __future__ import annotations

import datetime as dt
import struct

import olefile  # type: ignore[import-untyped]

from ingest.parsers.decoding import decode
from ingest.parsers.message import Attachment, Message, headers_of, parse_message
from ingest.parsers.source import Source
from kb_platform.domain.document import ParsedDocument
from kb_platform.domain.errors import CorruptFile, GarbledText

_SUBJECT, _BODY, _HTML, _RICH_TEXT = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER_NAME, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_TO, _CC = 0x0E04, 0x0E03
_SENT, _RECEIVED = 0x0039, 0x0E06
_FILE_NAME, _SHORT_FILE_NAME, _DATA, _HIDDEN = 0x3707, 0x3704, 0x3701, 0x7FFE
_CODE_PAGE, _BODY_CODE_PAGE = 0x3FFD, 0x3FDE
_HEADER_BYTES = {"top": 32, "embedded": 24, "attachment": 8}
_MOST_DEPTH = 10
_CODE_PAGES = {
    936: "gb18030",
    54936: "gb18030",
    950: "big5hkscs",
    932: "cp932",
    949: "cp949",
    65001: "utf-8",
    20127: "ascii",
}
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)


def parse(source: Source) -> ParsedDocument:
    """Return the message, its body and its attachments. Raises CorruptFile, NothingReadable, LimitExceeded."""
    try:
        with olefile.OleFileIO(str(source.path)) as container:
            message = _message(container, [], source.file_name, 0)
    except (OSError, ValueError, struct.error, IndexError, RecursionError, AttributeError, TypeError) as error:
        raise CorruptFile(
            source.file_name, "its message cannot be read. Open it in Outlook and save it again."
        ) from error
    return parse_message(message, source)


def _message(container: olefile.OleFileIO, place: list[str], file_name: str, depth: int) -> Message:
    fixed = _fixed(container, place, _HEADER_BYTES["embedded" if place else "top"])
    page = _code_page(fixed)

    def text(*tags: int) -> str:
        return next((found for tag in tags if (found := _text(container, place, tag, page, file_name))), "")

    sender = text(_SENDER_NAME)
    address = text(_SENDER_SMTP, _SENDER_ADDRESS)
    if "@" in address and address not in sender:
        sender = f"{sender} <{address}>" if sender else address
    sent = _time(fixed.get(_SENT) or fixed.get(_RECEIVED))
    body, html = text(_BODY), _html(container, place, fixed, page, file_name)
    problems = []
    if not body and not html and _stream(container, place, _RICH_TEXT, "0102"):
        problems.append("Its body is in Outlook's rich text only, which is not read. Save it as HTML or plain text.")
    return Message(
        subject=text(_SUBJECT),
        headers=headers_of([("From", sender), ("To", text(_TO)), ("Cc", text(_CC)), ("Date", sent)]),
        html=html,
        text=body,
        attachments=tuple(_attachments(container, place, page, file_name, html, depth)),
        problems=tuple(problems),
    )


def _attachments(
    container: olefile.OleFileIO, place: list[str], page: str, file_name: str, html: str, depth: int
) -> list[Attachment]:
    folders = sorted(
        {
            entry[len(place)]
            for entry in container.listdir(streams=True, storages=True)
            if len(entry) > len(place) and entry[: len(place)] == place and entry[len(place)].startswith("__attach_")
        }
    )
    found = []
    for number, folder in enumerate(folders, 1):
        inside = [*place, folder]
        name = _text(container, inside, _FILE_NAME, page, file_name) or _text(
            container, inside, _SHORT_FILE_NAME, page, file_name
        )
        embedded = [*inside, f"__substg1.0_{_DATA:04X}000D"]
        if container.exists("/".join(embedded)):
            if depth < _MOST_DEPTH and container.exists("/".join([*embedded, "__properties_version1.0"])):
                message = _message(container, embedded, file_name, depth + 1)
                found.append(Attachment(message.subject or name or f"message-{number}", message=message))
            continue
        data = _stream(container, inside, _DATA, "0102")
        content_id = _text(container, inside, 0x3712, page, file_name)
        shown = bool(content_id and f"cid:{content_id}".lower() in html.lower())
        if data:
            found.append(Attachment(name or f"attachment-{number}", data, None, shown))
    return found


def _stream(container: olefile.OleFileIO, place: list[str], tag: int, kind: str) -> bytes:
    name = "/".join([*place, f"__substg1.0_{tag:04X}{kind}"])
    if not container.exists(name) or container.get_type(name) != olefile.STGTY_STREAM:
        return b""
    data: bytes = container.openstream(name).read()
    return data


def _text(container: olefile.OleFileIO, place: list[str], tag: int, page: str, file_name: str) -> str:
    if data := _stream(container, place, tag, "001F"):
        return data.decode("utf-16-le", "replace").rstrip("\x00")
    if data := _stream(container, place, tag, "001E").rstrip(b"\x00"):
        return _decoded(data, page, file_name)
    return ""


def _decoded(data: bytes, page: str, file_name: str) -> str:
    try:
        return data.decode(page or "utf-8")
    except (LookupError, UnicodeDecodeError):
        pass
    try:
        return decode(data, file_name)[0]
    except GarbledText:
        return data.decode("cp1252", "replace")


def _html(container: olefile.OleFileIO, place: list[str], fixed: dict[int, bytes], page: str, file_name: str) -> str:
    if text := _text(container, place, _HTML, page, file_name):
        return text
    data = _stream(container, place, _HTML, "0102").rstrip(b"\x00")
    if not data:
        return ""
    own = _page_name(fixed.get(_BODY_CODE_PAGE))
    return _decoded(data, own or page, file_name)


def _fixed(container: olefile.OleFileIO, place: list[str], header: int) -> dict[int, bytes]:
    """Return the properties of fixed length: tag → their eight bytes."""
    name = "/".join([*place, "__properties_version1.0"])
    if not container.exists(name):
        return {}
    data = container.openstream(name).read()[header:]
    return {
        struct.unpack_from("<H", data, at + 2)[0]: data[at + 8 : at + 16] for at in range(0, len(data) // 16 * 16, 16)
    }


def _code_page(fixed: dict[int, bytes]) -> str:
    return _page_name(fixed.get(_CODE_PAGE))


def _page_name(value: bytes | None) -> str:
    number = int.from_bytes((value or b"")[:4], "little")
    return _CODE_PAGES.get(number, f"cp{number}" if 0 < number < 20_000 else "")


def _time(value: bytes | None) -> str:
    ticks = int.from_bytes(value or b"", "little")
    try:
        return (_EPOCH + dt.timedelta(microseconds=ticks // 10)).strftime("%Y-%m-%d %H:%M UTC") if ticks else ""
    except OverflowError:
        return ""
