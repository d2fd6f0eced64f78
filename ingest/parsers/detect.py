"""What a file is: by its content first, by its suffix where the content does not say."""

from __future__ import annotations

import re
import struct
import zipfile
from dataclasses import dataclass

from ingest.parsers.decoding import looks_binary
from ingest.parsers.source import Source
from kb_platform.domain.errors import CorruptFile, NothingReadable, UnsupportedFormat

_KINDS: dict[str, str] = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".docm": "docx",
    ".pptx": "pptx",
    ".pptm": "pptx",
    ".ppsx": "pptx",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".doc": "doc",
    ".ppt": "ppt",
    ".rtf": "rtf",
    ".odt": "odt",
    ".ods": "ods",
    ".odp": "odp",
    ".eml": "eml",
    ".mht": "eml",
    ".mhtml": "eml",
    ".msg": "msg",
    ".epub": "epub",
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
    ".heic": "image",
    ".heif": "image",
    ".zip": "zipped",
}
"""What a file of each suffix should be."""

_MODULES = dict.fromkeys(("doc", "ppt", "rtf", "odt", "ods", "odp"), "libreoffice")
SUFFIXES: dict[str, str] = {suffix: _MODULES.get(kind, kind) for suffix, kind in _KINDS.items()}
"""Suffixes that are read, with the module that reads each."""

_BINARY_PARSERS = frozenset(("pdf", "docx", "pptx", "xlsx", "image", "msg", "epub", "zipped", "odt", "ods", "odp"))
_NAMES = {
    "pdf": "a PDF",
    "docx": "a Word document",
    "pptx": "a PowerPoint presentation",
    "xlsx": "an Excel workbook",
    "xls": "an Excel 97-2003 workbook",
    "doc": "a Word 97-2003 document",
    "ppt": "a PowerPoint 97-2003 presentation",
    "rtf": "a Rich Text file",
    "odt": "an OpenDocument text",
    "ods": "an OpenDocument spreadsheet",
    "odp": "an OpenDocument presentation",
    "eml": "an e-mail message",
    "msg": "an Outlook message",
    "epub": "an EPUB book",
    "image": "an image",
    "zipped": "a ZIP archive",
    "encrypted": "an encrypted Office file",
}
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_SUPPORTED = (
    "Supported are PDF, Word, PowerPoint, Excel, CSV, HTML, Markdown, TXT, JSON, EPUB, e-mail (EML, MSG), images (PNG, "
    "JPEG, TIFF, WebP, HEIC) and ZIP archives of these."
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER = (
    (re.compile(rb"^.{4}ftyp", re.DOTALL), "it is a video or audio file. Upload a transcript as text."),
    (re.compile(rb"^(?:7z\xbc\xaf|Rar!|\x1f\x8b|BZh|\xfd7zXZ)"), "it is an archive. Unpack it, or make it a ZIP."),
    (re.compile(rb"^(?:\x7fELF|MZ)"), "it is a program, not a document."),
    (re.compile(rb"^%!PS"), "it is a PostScript file. Save it as PDF."),
    (
        re.compile(rb"^\s*<\?xml[^>]*>.{0,200}?<(?:\?mso-application progid=\"Excel|Workbook\b)", re.DOTALL),
        "it is an Excel 2003 XML workbook. Open it in Excel and save it as .xlsx.",
    ),
    (
        re.compile(rb"^\s*<\?xml[^>]*>.{0,200}?<(?:\?mso-application progid=\"Word|w:wordDocument\b)", re.DOTALL),
        "it is a Word 2003 XML document. Open it in Word and save it as .docx.",
    ),
)
_MESSAGE = re.compile(rb"^(?:From [^\r\n]*\r?\n)?(?:[\w-]+:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){2,}", re.IGNORECASE)
_MESSAGE_HEADERS = re.compile(
    rb"^(?:Content-Type|Subject|Message-ID|MIME-Version|Received|From|To|Date):", re.MULTILINE | re.IGNORECASE
)
_LEAST_HEADERS = 3
_OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}
_OLE_STREAMS = (
    ("EncryptedPackage", "encrypted"),
    ("__properties_version1.0", "msg"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
    ("Workbook", "xls"),
    ("Book", "xls"),
)
_HTML = re.compile(r"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)

_MARKDOWN_HEADING = re.compile(r"^##+ +\S", re.MULTILINE)
_MARKDOWN_HEADINGS = 2
"""So many second-level headings at the beginning of a text make it Markdown, whatever its suffix."""


@dataclass(frozen=True, slots=True)
class Detected:
    """What a file is (`kind`), and a warning where its name says something else."""

    kind: str
    warning: str = ""

    @property
    def parser(self) -> str:
        """The module that reads it."""
        return _MODULES.get(self.kind, self.kind)


def detect(source: Source) -> Detected:
    """Return which parser reads the file.

    Raises NothingReadable (empty file), UnsupportedFormat (no parser; says what to save it as), CorruptFile (its name
    promises a format that its content is not).
    """
    with source.path.open("rb") as file:
        head = file.read(16_384)
    if not head:
        raise NothingReadable(source.file_name, "the file is empty.")
    promised = _KINDS.get(source.suffix, "")
    found = _by_content(head, source)
    if found:
        if promised and promised != found and found != "encrypted":
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
        return _ole_format(source)
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if _is_image(head):
        return "image"
    for pattern, reason in _OTHER:
        if pattern.match(head):
            raise UnsupportedFormat(source.file_name, reason)
    return "eml" if _is_message(head) else ""


def _is_message(head: bytes) -> bool:
    headers = _MESSAGE.match(head)
    return headers is not None and len(_MESSAGE_HEADERS.findall(headers.group())) >= _LEAST_HEADERS


def _is_image(head: bytes) -> bool:
    if head.startswith(b"BM"):
        return b"\x00" in head[:30]
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return True
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
    if mimetype.startswith(b"application/epub") or "META-INF/container.xml" in names:
        return "epub"
    if opened := _OPEN_DOCUMENT.get(mimetype.strip().removesuffix(b"-template")):
        return opened
    if mimetype.startswith(b"application/vnd.oasis"):
        raise UnsupportedFormat(source.file_name, f"it is a drawing, a formula or a database. {_SUPPORTED}")
    return "zipped"


def _ole_format(source: Source) -> str:
    """Old Office files, messages and encrypted new files share a container; its directory names what is inside."""
    import olefile  # type: ignore[import-untyped]

    try:
        with olefile.OleFileIO(str(source.path)) as container:
            outermost = {entry[0] for entry in container.listdir(streams=True, storages=True)}
    except (OSError, ValueError, IndexError, struct.error, AttributeError, TypeError, RecursionError) as error:
        raise CorruptFile(
            source.file_name, "it is damaged or not fully uploaded (its directory cannot be read)."
        ) from error
    for stream, parser in _OLE_STREAMS:
        if stream in outermost:
            if parser in ("doc", "ppt", "xls"):
                from ingest.parsers.encrypted import is_encrypted

                return "encrypted" if is_encrypted(source.path) else parser
            return parser
    raise UnsupportedFormat(source.file_name, f"it is an old Office file of an unknown kind. {_SUPPORTED}")


def _textual(head: bytes, promised: str, source: Source) -> Detected:
    if looks_binary(head):
        if promised:
            raise CorruptFile(source.file_name, "its name says that it is text, but its content is binary.")
        raise UnsupportedFormat(source.file_name, f"this kind of file is not known. {_SUPPORTED}")
    if promised in ("html", "markdown", "csv", "json", "eml"):
        return Detected(promised)
    start = head.decode("latin-1").replace("\x00", "").lstrip("\xef\xbb\xbf\xff\xfe")
    if _HTML.match(start):
        return Detected("html")
    if len(_MARKDOWN_HEADING.findall(start)) >= _MARKDOWN_HEADINGS:
        return Detected("markdown")
    return Detected("text")
