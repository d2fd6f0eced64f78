"""Messages as they travel (RFC 5322, MIME): .eml, and web pages saved as one file (.mhtml)."""

from __future__ import annotations

import email
import email.policy
import email.utils
import re
from email.message import EmailMessage
from typing import cast

from ingest.parsers.decoding import decode
from ingest.parsers.message import Attachment, Message, headers_of, parse_message
from ingest.parsers.source import Source
from kb_platform.domain.document import ParsedDocument
from kb_platform.domain.errors import CorruptFile, GarbledText

_SHOWN = ("From", "To", "Cc", "Date")
_CHARSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "us-ascii": "utf-8",
    "ks_c_5601-1987": "cp949",
}
_CONTENT_ID = re.compile(r"cid:([^\"'\s>)]+)", re.IGNORECASE)
_SUFFIX_OF = {"text/calendar": ".txt", "message/rfc822": ".eml", "text/html": ".html", "application/pdf": ".pdf"}
_MOST_NESTING = 30
_MOST_PARTS = 2_000


def parse(source: Source) -> ParsedDocument:
    """Return the message, its body and its attachments. Raises CorruptFile, NothingReadable, LimitExceeded."""
    try:
        with source.path.open("rb") as file:
            parsed = email.message_from_binary_file(file, policy=email.policy.default)
        message = _message(parsed, source.file_name)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise CorruptFile(
            source.file_name, "its message cannot be read. Open it in the mail program and save it again."
        ) from error
    return parse_message(message, source)


def _message(parsed: EmailMessage, file_name: str) -> Message:
    html: list[str] = []
    text: list[str] = []
    attachments: list[Attachment] = []
    problems: list[str] = []
    shown_ids: set[str] = set()
    stack: list[tuple[EmailMessage, int]] = [(parsed, 0)]
    seen = 0
    while stack:
        part, depth = stack.pop()
        seen += 1
        if seen > _MOST_PARTS or depth > _MOST_NESTING:
            problems.append("It has more parts, or parts nested more deeply, than a message should; not all were read.")
            break
        kind = part.get_content_type()
        if kind == "message/rfc822":
            attachments.extend(_attached_messages(part, file_name))
        elif part.is_multipart():
            inner = cast(list[EmailMessage], part.get_payload())
            stack.extend((each, depth + 1) for each in reversed(inner))
        elif _is_body(part, kind):
            into = html if kind == "text/html" else text
            try:
                into.append(_text(part, file_name))
            except GarbledText as error:
                problems.append(f"A part of its body cannot be read: {error.reason}")
        elif kind in ("application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"):
            problems.append("Its body is encrypted. Open it in the mail program and save it unencrypted.")
        elif data := _bytes(part):
            attachments.append(Attachment(_name(part, len(attachments) + 1), data))
    shown_ids.update(found.strip("<>") for body in html for found in _CONTENT_ID.findall(body))
    return Message(
        subject=_header(parsed, "Subject"),
        headers=headers_of([(name, _header(parsed, name)) for name in _SHOWN]),
        html="\n".join(html),
        text="\n\n".join(text),
        attachments=tuple(_marked(attachments, parsed, shown_ids)),
        problems=tuple(problems),
    )


def _is_body(part: EmailMessage, kind: str) -> bool:
    return (
        kind in ("text/plain", "text/html")
        and part.get_content_disposition() != "attachment"
        and not part.get_filename()
    )


def _attached_messages(part: EmailMessage, file_name: str) -> list[Attachment]:
    found = []
    for inner in cast(list[EmailMessage], part.get_payload()) if part.is_multipart() else []:
        message = _message(inner, file_name)
        found.append(Attachment(message.subject or "message.eml", message=message))
    return found


def _marked(attachments: list[Attachment], parsed: EmailMessage, shown_ids: set[str]) -> list[Attachment]:
    if not shown_ids:
        return attachments
    shown_names = {
        _name(part, 0) for part in parsed.walk() if str(part.get("Content-ID", "")).strip().strip("<>") in shown_ids
    }
    return [
        Attachment(item.name, item.data, item.message, item.message is None and item.name in shown_names)
        for item in attachments
    ]


def _header(parsed: EmailMessage, name: str) -> str:
    """Return a header decoded; raw bytes in it (old programs write GBK there) are decoded as text files are."""
    try:
        value = str(parsed.get(name, ""))
    except (ValueError, LookupError, TypeError, AttributeError, IndexError):
        value = next((str(raw) for key, raw in parsed.raw_items() if key.lower() == name.lower()), "")
    raw = next((raw for key, raw in parsed.raw_items() if key.lower() == name.lower()), "")
    if isinstance(raw, str) and re.search("[\udc80-\udcff]", raw):
        try:
            return decode(raw.encode("utf-8", "surrogateescape"), name)[0]
        except GarbledText:
            return ""
    return value


def _text(part: EmailMessage, file_name: str) -> str:
    data = _bytes(part)
    charset = (part.get_content_charset() or "").lower()
    charset = _CHARSETS.get(charset, charset)
    if charset:
        try:
            return data.decode(charset)
        except (LookupError, UnicodeDecodeError):
            pass  # the part says what it is not
    return decode(data, file_name)[0] if data else ""


def _bytes(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _name(part: EmailMessage, number: int) -> str:
    name = (part.get_filename() or part.get_param("name") or "") if part is not None else ""
    if isinstance(name, tuple):
        name = email.utils.collapse_rfc2231_value(name)
    name = str(name).replace("\\", "/").rsplit("/", 1)[-1].strip()
    return name or f"attachment-{number}{_SUFFIX_OF.get(part.get_content_type(), '')}"
