from __future__ import annotations

import io
import zipfile

import pytest

from kb_platform.domain.document import FileFormat
from kb_platform.domain.errors import CorruptFile, NothingReadable, PasswordRequired, UnsupportedFormat
from tests.pdf_files import Page, Text, pdf

from .conftest import ParseFile

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504


def zipped(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def test_content_decides_before_the_name(parsed: ParseFile) -> None:
    document = parsed("notice.docx", pdf([Page([Text(72, 700, "Notice of the department")])]))
    assert document.format == FileFormat.PDF
    assert "it is a PDF" in document.warnings[0]


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("old.doc", OLE + "WordDocument".encode("utf-16-le"), "save it as .docx"),
        ("old.ppt", OLE + "PowerPoint Document".encode("utf-16-le"), "save it as .pptx"),
        ("old.xls", OLE + "Workbook".encode("utf-16-le"), "save it as .xlsx"),
        ("book.epub", zipped(mimetype="application/epub+zip"), "Save it as PDF"),
        ("text.odt", zipped(mimetype="application/vnd.oasis.opendocument.text"), "LibreOffice"),
        ("files.zip", zipped(a="text"), "Unpack it"),
        ("letter.rtf", b"{\\rtf1 hello}", "save it as .docx"),
        ("photo.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "JPEG"),
        ("data.bin", bytes(range(256)) * 8, "Supported are PDF"),
        ("mail.eml", b"From: a@b.c\r\nTo: d@e.f\r\nSubject: hi\r\n\r\ntext", "e-mail"),
    ],
)
def test_a_file_without_parser_says_what_to_save_it_as(
    parsed: ParseFile, name: str, content: bytes, advice: str
) -> None:
    with pytest.raises(UnsupportedFormat, match=advice) as refused:
        parsed(name, content)
    assert refused.value.file_name == name


def test_an_encrypted_office_file_asks_for_its_password(parsed: ParseFile) -> None:
    with pytest.raises(PasswordRequired):
        parsed("secret.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"))


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.pptx", "a.xlsx", "a.png"])
def test_a_name_that_promises_what_the_content_is_not_is_corrupt(parsed: ParseFile, name: str) -> None:
    with pytest.raises(CorruptFile, match="but its content is not"):
        parsed(name, "<html><body>Session expired, please sign in</body></html>")


def test_an_empty_file_says_so(parsed: ParseFile) -> None:
    with pytest.raises(NothingReadable, match="the file is empty"):
        parsed("empty.txt", b"")


def test_a_truncated_office_file_is_corrupt(parsed: ParseFile) -> None:
    with pytest.raises(CorruptFile, match="damaged"):
        parsed("cut.docx", zipped(**{"word__document.xml": "<a/>" * 500})[:200])


def test_a_page_of_html_under_an_unknown_name_is_read_as_html(parsed: ParseFile) -> None:
    assert parsed("page", "<!DOCTYPE html><html><body><p>Hello</p></body></html>").format == FileFormat.HTML


def test_a_text_written_in_markdown_is_read_as_markdown(parsed: ParseFile) -> None:
    document = parsed("notes.txt", "## 第一章\n\n正文\n\n## 第二章\n\n正文\n")
    assert document.format == FileFormat.MARKDOWN
    assert parsed("script.txt", "# comment\n# comment\nrun\n").format == FileFormat.TEXT
