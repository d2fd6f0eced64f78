from __future__ import annotations

import io
import zipfile

import pytest

from kb_platform.domain.document import FileFormat
from kb_platform.domain.errors import CorruptFile, NothingReadable, UnsupportedFormat
from tests.ole_files import ole
from tests.pdf_files import Page, Text, pdf

from .conftest import ParseFile


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
        ("old.pub", ole({"Quill": b"text"}), "Supported are PDF"),
        ("drawing.odg", zipped(mimetype="application/vnd.oasis.opendocument.graphics"), "Supported are PDF"),
        ("files.7z", b"7z\xbc\xaf\x27\x1c", "make it a ZIP"),
        ("film.mp4", b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "transcript"),
        ("table.xls", b'<?xml version="1.0"?><Workbook xmlns="urn:x">', "save it as .xlsx"),
        ("data.bin", bytes(range(256)) * 8, "Supported are PDF"),
    ],
)
def test_a_file_without_parser_says_what_to_save_it_as(
    parsed: ParseFile, name: str, content: bytes, advice: str
) -> None:
    with pytest.raises(UnsupportedFormat, match=advice) as refused:
        parsed(name, content)
    assert refused.value.file_name == name


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
