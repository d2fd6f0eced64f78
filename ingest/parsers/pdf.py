"""PDF files: text with boxes from pdfium, OCR for pages that are pictures.

pdfium and not pypdf reads the text: it is several times faster and says where each character stands. pypdf is given
what pdfium does not say (why a damaged file cannot be opened).
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from ingest.parsers.builder import DocumentBuilder, one_line
from ingest.parsers.page_layout import lay_out
from ingest.parsers.page_lines import Line, PageContent
from ingest.parsers.page_text import add_pages
from ingest.parsers.pdf_characters import read_characters
from ingest.parsers.pdf_lines import lines_of
from ingest.parsers.pdf_rulings import ruled_tables
from ingest.parsers.source import Source
from kb_platform.domain.document import BLOCK_SEPARATOR, FileFormat, PageCoverage, PageStatus, ParsedDocument
from kb_platform.domain.errors import CorruptFile, GarbledText, LimitExceeded, NothingReadable, PasswordRequired

_MAX_PAGES = 20_000
_SPARSE_CHARACTERS = 120
"""A page with fewer characters and a large picture is read by OCR as well."""
_LARGE_PICTURE = 0.25
_GARBLED = 0.3
_OCR_FOUND = 0.7
"""OCR stands for a text layer that is no text when it finds this share of the characters drawn."""
_NO_TEXT = re.compile("[\ue000-\uf8ff\ufffd\x00-\x1f\x7f-\x9f\U000f0000-\U0010ffff]")
_FEW_LETTERS = 16
"""A file without a text layer that is text needs so many letters by OCR to count as read."""
_OUTLINE_ENTRIES = 2_000


@dataclass(slots=True)
class _Found:
    """What the pages' text layers were like."""

    garbled_pages: int = 0
    text_pages: int = 0
    ocr_failed: str = ""


def parse(source: Source) -> ParsedDocument:
    """Return the file's text with the place of every character.

    Raises PasswordRequired, CorruptFile, GarbledText, NothingReadable, LimitExceeded.
    """
    builder = DocumentBuilder(FileFormat.PDF, source.file_name, source.max_characters)
    with open_pdf(source.path.as_posix(), source.file_name, source.password) as document:
        count = len(document)
        if count == 0:
            raise NothingReadable(source.file_name, "the PDF has no pages.")
        if count > _MAX_PAGES:
            builder.warn(f"Only the first {_MAX_PAGES:,} of {count:,} pages were read.")
            count = _MAX_PAGES
        found = _Found()
        pages = []
        for number in range(1, count + 1):
            pages.append(_read_page(document, number, source, found))
            source.progress(number, count)
        _refuse_unreadable(source, pages, found)
        add_pages(builder, pages, _outline(document))
        title = one_line(document.get_metadata_value("Title") or "")
    failed = [page.number for page in pages if page.status == PageStatus.FAILED]
    if failed:
        builder.warn(f"{len(failed)} of {count} pages could not be read (page {', '.join(map(str, failed[:10]))}).")
    coverage = [PageCoverage(page.number, page.status, _characters(page), reason=page.reason) for page in pages]
    return builder.finish(title=title, title_in_text=True, pages=coverage, nothing_readable="its pages hold no text.")


@contextmanager
def open_pdf(path: str, file_name: str, password: str) -> Iterator[pdfium.PdfDocument]:
    """Open a PDF file. Raises PasswordRequired (says whether the one given was wrong), CorruptFile."""
    try:
        document = pdfium.PdfDocument(path, password=password or None)
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code == pdfium_c.FPDF_ERR_PASSWORD:
            reason = "the password is wrong." if password else "it is encrypted. Give the password to read it."
            raise PasswordRequired(file_name, reason) from error
        if code == pdfium_c.FPDF_ERR_SECURITY:
            raise PasswordRequired(
                file_name, "it is encrypted in a way that cannot be opened. Save it without encryption."
            ) from error
        raise CorruptFile(
            file_name, "the PDF is damaged. Open it in a PDF reader, print or save it as a new PDF and upload that."
        ) from error
    try:
        yield document
    finally:
        document.close()


def _read_page(document: pdfium.PdfDocument, number: int, source: Source, found: _Found) -> PageContent:
    try:
        page = document[number - 1]
    except pdfium.PdfiumError:
        return PageContent(number, 0, 0, status=PageStatus.FAILED, reason="the page is damaged")
    try:
        width, height = page.get_size()
        content = PageContent(number, width, height)
        lines, unmapped = _text_layer(page)
        characters = sum(len(line.text) for line in lines)
        garbled = unmapped > _GARBLED * (unmapped + characters) or is_garbled([line.text for line in lines])
        found.garbled_pages += garbled
        found.text_pages += bool(characters) and not garbled
        if characters and not garbled:
            content.status = PageStatus.TEXT
            content.parts = list(lay_out(lines, ruled_tables(page, lines)))
        if garbled or characters == 0 or (characters < _SPARSE_CHARACTERS and _has_large_picture(page)):
            _read_picture(page, content, lines if not garbled else [], source, found)
        if garbled and _letters(content) < _OCR_FOUND * (unmapped + characters):
            content.parts = []
            content.status, content.reason = PageStatus.FAILED, "its text layer is not text and OCR reads too little"
        return content
    finally:
        page.close()


def _letters(content: PageContent) -> int:
    lines = [line for part in content.parts for line in ([part] if isinstance(part, Line) else part.lines)]
    return len("".join("".join(line.text for line in lines).split()))


def _text_layer(page: pdfium.PdfPage) -> tuple[list[Line], int]:
    """Return the lines of a page's text layer, and how many characters its fonts do not name."""
    try:
        text_page = page.get_textpage()
    except pdfium.PdfiumError:
        return [], 0
    try:
        characters = read_characters(page, text_page)
        return lines_of(characters, text_page), characters.unmapped
    finally:
        text_page.close()


def _read_picture(page: pdfium.PdfPage, content: PageContent, lines: list[Line], source: Source, found: _Found) -> None:
    """Read what the page shows by OCR, beside what its text layer says."""
    from ingest.parsers.pdf_pictures import TooManyPixels, picture_of

    if not source.ocr:
        if not lines and _has_large_picture(page):
            content.reason = "the page is a picture and OCR is switched off"
        return
    try:
        picture = picture_of(page)
    except TooManyPixels as error:
        content.reason = found.ocr_failed = str(error)
        if content.status == PageStatus.EMPTY:
            content.status = PageStatus.FAILED
        return
    if picture is None:
        return
    from ingest.ocr import recognise

    read = recognise(picture, content.width, content.height)
    if read.turn and lines:
        return  # what the text layer says stands upright: the picture beside it is a drawing's or a table's own
    new = [line for line in read.lines if not any(_overlap(line, known) for known in lines)]
    if not new or sum(len(line.text) for line in new) < 2:
        return
    for order, line in enumerate(new, len(lines)):
        line.order = order
    content.status = PageStatus.OCR
    content.turn_by(read.turn)
    content.parts = list(lay_out([*lines, *new]))


def _overlap(line: Line, other: Line) -> bool:
    width = min(line.x1, other.x1) - max(line.x0, other.x0)
    height = min(line.y1, other.y1) - max(line.y0, other.y0)
    return width > 0 and height > 0.3 * min(line.height, other.height)


def _has_large_picture(page: pdfium.PdfPage) -> bool:
    width, height = page.get_size()
    area = 0.0
    a, b, c, d = (ctypes.c_float() for _ in range(4))
    for index in range(min(500, pdfium_c.FPDFPage_CountObjects(page.raw))):
        item = pdfium_c.FPDFPage_GetObject(page.raw, index)
        kind = pdfium_c.FPDFPageObj_GetType(item)
        if kind in (pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_FORM) and pdfium_c.FPDFPageObj_GetBounds(
            item, a, b, c, d
        ):
            area += max(0.0, c.value - a.value) * max(0.0, d.value - b.value)
    return bool(area >= _LARGE_PICTURE * width * height)


def is_garbled(texts: list[str]) -> bool:
    """Tell whether a page's text is no text: mostly private-use, unmapped or control characters."""
    text = "".join(texts)
    return len(_NO_TEXT.findall(text)) > _GARBLED * (len(text) - text.count(" "))


def _refuse_unreadable(source: Source, pages: list[PageContent], found: _Found) -> None:
    readable = sum(_letters(page) for page in pages)
    if readable and not (found.garbled_pages and not found.text_pages and readable < _FEW_LETTERS):
        return
    if found.garbled_pages:
        raise GarbledText(
            source.file_name,
            "its text layer has no readable characters (its fonts name none) and OCR found hardly any. "
            "Print it to a new PDF, or upload the original document.",
        )
    if found.ocr_failed:
        raise LimitExceeded(source.file_name, f"{found.ocr_failed}. Save it with smaller pictures.")
    if not source.ocr and any(page.reason for page in pages):
        raise NothingReadable(source.file_name, "its pages are pictures and OCR is switched off.")
    if pages and all(page.status == PageStatus.FAILED for page in pages):
        raise CorruptFile(source.file_name, "none of its pages can be read. Save it as a new PDF and upload that.")
    raise NothingReadable(source.file_name, "its pages hold no text, and none was found in its pictures.")


def _characters(page: PageContent) -> int:
    count = 0
    for part in page.parts:
        lines = [part] if isinstance(part, Line) else part.lines
        count += sum(len(line.text) + len(BLOCK_SEPARATOR) - 1 for line in lines)
    return count


def _outline(document: pdfium.PdfDocument) -> dict[str, int]:
    """Return the levels of the file's own table of contents, by title without blanks."""
    levels: dict[str, int] = {}
    try:
        for entry in document.get_toc(max_depth=6):
            title = "".join((entry.get_title() or "").split()).lower()
            if 1 < len(title) < 160:
                levels.setdefault(title, entry.level + 1)
            if len(levels) >= _OUTLINE_ENTRIES:
                break
    except (pdfium.PdfiumError, RecursionError, ValueError):
        return levels
    return levels
