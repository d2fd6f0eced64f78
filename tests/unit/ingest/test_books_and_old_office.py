"""EPUB, XLS, HEIC, files under a password, and what LibreOffice converts."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import msoffcrypto
import numpy as np
import pytest
from docx import Document
from msoffcrypto.format.ooxml import OOXMLFile

from ingest.parsers import libreoffice
from kb_platform.domain.document import BlockKind, CellAnchor, FileFormat, PageStatus
from kb_platform.domain.errors import CorruptFile, NothingReadable, PasswordRequired, UnsupportedFormat
from tests.ole_files import ole

from .conftest import ParseFile, texts

EVALUATION = Path(__file__).resolve().parents[4] / "shared" / "eval" / "documents"
needs_evaluation = pytest.mark.skipif(
    not EVALUATION.exists(), reason="the evaluation documents are not on this machine"
)
needs_libreoffice = pytest.mark.skipif(
    not libreoffice.soffice(), reason="LibreOffice is not installed (Debian: libreoffice-writer-nogui)"
)
CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)


def book(chapters: dict[str, str], spine: list[str], extra: dict[str, str] | None = None) -> bytes:
    items = "".join(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in chapters)
    refs = "".join(f'<itemref idref="{name}"/>' for name in spine)
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata><dc:title>校史</dc:title></metadata><manifest>{items}</manifest><spine>{refs}</spine></package>",
        **{f"OEBPS/{name}.xhtml": f"<html><body>{body}</body></html>" for name, body in chapters.items()},
        **(extra or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_a_book_is_read_in_the_order_of_its_spine(parsed: ParseFile) -> None:
    chapters = {
        "b": "<h1>第二章</h1><p>后来。</p>",
        "a": "<h1>第一章</h1><p>起初。</p>",
        "c": "<p>not in the spine</p>",
    }
    document = parsed("history.epub", book(chapters, ["a", "b"]))
    assert document.format == FileFormat.EPUB
    assert document.title == "校史"
    assert texts(document) == ["第一章", "起初。", "第二章", "后来。"]


def test_a_missing_chapter_is_counted_as_failed(parsed: ParseFile) -> None:
    whole = book({"a": "<p>words</p>", "b": "<p>gone</p>"}, ["a", "b"])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if not name.endswith("b.xhtml"):
                new.writestr(name, old.read(name))
    document = parsed("history.epub", out.getvalue())
    assert [page.status for page in document.pages] == [PageStatus.TEXT, PageStatus.FAILED]


def test_a_copy_protected_book_says_so(parsed: ParseFile) -> None:
    rights = '<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/></EncryptedData></encryption>'
    with pytest.raises(UnsupportedFormat, match="copy-protected"):
        parsed("b.epub", book({"a": "<p>x</p>"}, ["a"], {"META-INF/encryption.xml": rights}))


@needs_evaluation
def test_an_old_workbook_has_its_cells_where_they_are(parsed: ParseFile) -> None:
    document = parsed("old.xls", (EVALUATION / "legacy_office" / "markitdown_test.xls").read_bytes())
    assert document.format == FileFormat.XLSX
    cells = {
        (segment.anchor.sheet, segment.anchor.cell): document.text[segment.start : segment.end]
        for block in document.blocks
        for segment in block.segments
        if isinstance(segment.anchor, CellAnchor) and block.kind == BlockKind.TABLE
    }
    assert cells["Sheet1", "A1"] == "Alpha"
    assert cells["Sheet1", "C2"] == "100"
    assert len(document.pages) == 2


def test_a_damaged_old_workbook_is_corrupt(parsed: ParseFile) -> None:
    with pytest.raises(CorruptFile, match=r"save it as \.xlsx"):
        parsed("old.xls", ole({"Workbook": b"\x09\x08\x10\x00" + b"\xff" * 6000}))


def test_a_table_of_html_that_calls_itself_xls_is_read(parsed: ParseFile) -> None:
    page = "<html><body><table><tr><th>学号</th><th>成绩</th></tr><tr><td>1</td><td>90</td></tr></table></body></html>"
    document = parsed("成绩.xls", page)
    assert document.format == FileFormat.HTML
    assert texts(document, BlockKind.TABLE) == ["| 学号 | 成绩 |\n| --- | --- |\n| 1 | 90 |"]


def protected(password: str) -> bytes:
    file = Document()
    file.add_paragraph("机密内容 secret words")
    plain, out = io.BytesIO(), io.BytesIO()
    file.save(plain)
    OOXMLFile(plain).encrypt(password, out)
    return out.getvalue()


def test_an_office_file_under_a_password_opens_with_it_alone(parsed: ParseFile) -> None:
    content = protected("open sesame")
    assert msoffcrypto.OfficeFile(io.BytesIO(content)).is_encrypted()
    with pytest.raises(PasswordRequired, match="Upload it with the password"):
        parsed("secret.docx", content)
    with pytest.raises(PasswordRequired, match="does not open it"):
        parsed("secret.docx", content, password="guess")
    document = parsed("secret.docx", content, password="open sesame")
    assert document.text == "机密内容 secret words"
    assert document.format == FileFormat.DOCX


def test_a_file_that_is_only_protected_against_changes_needs_no_password(parsed: ParseFile) -> None:
    assert "secret words" in parsed("form.docx", protected("VelvetSweatshop")).text


@needs_libreoffice
def test_an_old_word_document_and_rich_text_are_converted(parsed: ParseFile) -> None:
    document = parsed("letter.rtf", rb"{\rtf1\ansi The library opens at eight.\par It closes at ten.\par}")
    assert document.format == FileFormat.DOCX
    assert texts(document) == ["The library opens at eight.", "It closes at ten."]


@needs_libreoffice
def test_what_libreoffice_cannot_read_is_refused_under_its_own_name(parsed: ParseFile) -> None:
    with pytest.raises((CorruptFile, NothingReadable)) as refused:
        parsed("broken.doc", ole({"WordDocument": b"\xec\xa5\xc1\x00" + bytes(20), "1Table": b""}))
    assert refused.value.file_name == "broken.doc"


def test_without_libreoffice_the_message_names_what_to_install(
    parsed: ParseFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libreoffice, "soffice", lambda: "")
    with pytest.raises(UnsupportedFormat, match="libreoffice-impress-nogui"):
        parsed("old.ppt", ole({"PowerPoint Document": b"x" * 100}))
    with pytest.raises(UnsupportedFormat, match="libreoffice-writer-nogui"):
        parsed("old.doc", ole({"WordDocument": b"x" * 100}))


@needs_evaluation
def test_a_heic_photo_opens_like_any_picture() -> None:
    from ingest.parsers.image import open_picture, prepared

    with open_picture(EVALUATION / "images" / "unstructured_DA-1p.heic") as image:
        assert image.format == "HEIF"
        assert float(np.std(prepared(image))) > 10
