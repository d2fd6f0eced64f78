"""What a file is: by its content first, by its suffix where the content does not say."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass

from ingest.parsers.decoding import looks_binary
from ingest.parsers.source import Source
from kb_platform.domain.document import FileFormat
from kb_platform.domain.errors import CorruptFile, NothingReadable, PasswordRequired, UnsupportedFormat

SUFFIXES: dict[str, str] = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".docm": "docx",
    ".pptx": "pptx",
    ".pptm": "pptx",
    ".ppsx": "pptx",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".csv": "csv",
    ".tsv": "csv",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".log": "text",
    ".rst": "text",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".png": "image",
    ".jpg": "image",
    ".jpeg": "image",
    ".tif": "image",
    ".tiff": "image",
    ".bmp": "image",
    ".gif": "image",
    ".webp": "image",
}
"""Suffixes that are read, with the parser of each."""

_BINARY_PARSERS = frozenset(("pdf", "docx", "pptx", "xlsx", "image"))
_NAMES = {
    "pdf": "a PDF",
    "docx": "a Word document",
    "pptx": "a PowerPoint presentation",
    "xlsx": "an Excel workbook",
    "image": "an image",
}
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
_SUPPORTED = "Supported are PDF, DOCX, PPTX, XLSX, CSV, HTML, Markdown, TXT, JSON and images (PNG, JPEG, TIFF, WebP)."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LEGACY = {
    "WordDocument": "it is a Word 97-2003 document (.doc). Open it in Word or LibreOffice and save it as .docx.",
    "PowerPoint Document": "it is a PowerPoint 97-2003 presentation (.ppt). Open it in PowerPoint or LibreOffice and "
    "save it as .pptx.",
    "Workbook": "it is an Excel 97-2003 workbook (.xls). Open it in Excel or LibreOffice and save it as .xlsx.",
    "Book": "it is an Excel 5 workbook (.xls). Open it in Excel or LibreOffice and save it as .xlsx.",
    "__properties_version1.0": "it is an Outlook message (.msg). Save it as PDF or plain text.",
}
_OTHER = (
    (re.compile(rb"^\{\\rtf"), "it is a Rich Text file (.rtf). Open it in Word or LibreOffice and save it as .docx."),
    (re.compile(rb"^.{4}ftyp(?:hei|hev|mif1|msf1)", re.DOTALL), "it is a HEIC photo. Save it as JPEG or PNG."),
    (re.compile(rb"^.{4}ftyp", re.DOTALL), "it is a video or audio file. Upload a transcript as text."),
    (re.compile(rb"^(?:7z\xbc\xaf|Rar!|\x1f\x8b|BZh|\xfd7zXZ)"), "it is an archive. Unpack it and upload the files."),
    (re.compile(rb"^(?:\x7fELF|MZ)"), "it is a program, not a document."),
    (re.compile(rb"^%!PS"), "it is a PostScript file. Save it as PDF."),
    (
        re.compile(rb"^(?:[\w-]+: [^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){2,}.*?^(?:Content-Type|Subject|Message-ID):",
                   re.DOTALL | re.MULTILINE | re.IGNORECASE),
        "it is an e-mail message. Save it as PDF or plain text.",
    ),
)  # fmt: skip
_HTML = re.compile(r"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)

_MARKDOWN_HEADING = re.compile(r"^##+ +\S", re.MULTILINE)
_MARKDOWN_HEADINGS = 2
"""So many second-level headings at the beginning of a text make it Markdown, whatever its suffix."""


@dataclass(frozen=True, slots=True)
class Detected:
    """The parser's name, and a warning where the file's name says something else."""

    parser: str
    warning: str = ""


def detect(source: Source) -> Detected:
    """Return which parser reads the file.

    Raises NothingReadable (empty file), UnsupportedFormat (no parser; says what to save it as), PasswordRequired (an
    encrypted Office file), CorruptFile (its name promises a format that its content is not).
    """
    with source.path.open("rb") as file:
        head = file.read(16_384)
    if not head:
        raise NothingReadable(source.file_name, "the file is empty.")
    promised = SUFFIXES.get(source.suffix, "")
    found = _by_content(head, source)
    if found:
        if promised and promised != found:
            return Detected(found, f"Its name ends in {source.suffix}, but it is {_NAMES[found]}; read as such.")
        return Detected(found)
    if promised in _BINARY_PARSERS:
        raise CorruptFile(
            source.file_name,
            f"its name says that it is {_NAMES[promised]}, but its content is not. It may be damaged or not fully "
            "downloaded; open it where it came from, save it again and upload the new file.",
        )
    return _textual(head, promised, source)


def _by_content(head: bytes, source: Source) -> str:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _zip_format(source)
    if head.startswith(_OLE):
        _refuse_ole(source)
    if _is_image(head):
        return "image"
    for pattern, reason in _OTHER:
        if pattern.match(head):
            raise UnsupportedFormat(source.file_name, reason)
    return ""


def _is_image(head: bytes) -> bool:
    if head.startswith(b"BM"):
        return b"\x00" in head[:30]
    return head.startswith(_IMAGES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")


def _zip_format(source: Source) -> str:
    try:
        with zipfile.ZipFile(source.path) as archive:
            names = set(archive.namelist())
            mimetype = archive.open("mimetype").read(100) if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise CorruptFile(
            source.file_name, "it is damaged or not fully uploaded (its archive directory cannot be read)."
        ) from error
    if "[Content_Types].xml" in names:
        for folder, parser in (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx")):
            if any(name.startswith(folder) for name in names):
                if "xl/workbook.bin" in names:
                    raise UnsupportedFormat(
                        source.file_name, "it is a binary Excel workbook (.xlsb). Save it as .xlsx."
                    )
                return parser
    if mimetype.startswith(b"application/epub"):
        raise UnsupportedFormat(source.file_name, "it is an EPUB book. Save it as PDF, or set a reader for .epub.")
    if mimetype.startswith(b"application/vnd.oasis"):
        raise UnsupportedFormat(
            source.file_name, "it is an OpenDocument file. Open it in LibreOffice and save it as .docx, .xlsx or .pptx."
        )
    raise UnsupportedFormat(source.file_name, "it is an archive. Unpack it and upload the files.")


def _refuse_ole(source: Source) -> None:
    """Old Office files and encrypted new ones share a container; its directory names what is inside."""
    data = source.path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise PasswordRequired(
            source.file_name, "it is protected by a password. Remove the password in Office and upload it again."
        )
    for name, reason in _LEGACY.items():
        if name.encode("utf-16-le") in data:
            raise UnsupportedFormat(source.file_name, reason)
    raise UnsupportedFormat(source.file_name, f"it is an old Office file of an unknown kind. {_SUPPORTED}")


def _textual(head: bytes, promised: str, source: Source) -> Detected:
    if looks_binary(head):
        if promised:
            raise CorruptFile(source.file_name, "its name says that it is text, but its content is binary.")
        raise UnsupportedFormat(source.file_name, f"this kind of file is not known. {_SUPPORTED}")
    if promised in ("html", "markdown", "csv", "json"):
        return Detected(promised)
    start = head.decode("latin-1").replace("\x00", "").lstrip("\xef\xbb\xbf\xff\xfe")
    if _HTML.match(start):
        return Detected("html")
    if len(_MARKDOWN_HEADING.findall(start)) >= _MARKDOWN_HEADINGS:
        return Detected("markdown")
    return Detected("text")


FORMATS: dict[str, FileFormat] = {
    "json": FileFormat.TEXT,
    **{name: FileFormat(name) for name in ("pdf", "docx", "pptx", "xlsx", "csv", "html", "markdown", "text", "image")},
}
"""The format that each parser's documents carry."""
