"""Real files of every format: read, or refused with the right reason, and every highlight shows its words."""

from __future__ import annotations

import shutil
from functools import cache

import pytest

from benchmarks.documents import DOCUMENTS, Outcome, entries, is_right, read
from kb_platform.domain.document import BlockKind, FileFormat
from kb_platform.domain.errors import UnsupportedFormat

PICTURES = ("images/", "scanned/")
CONVERTED = (".doc", ".ppt", ".rtf", ".odt", ".odp")
"""Read through LibreOffice where it is installed."""
SLOW = ("pdf/skipped_2pages.pdf", "pdf/ocrmypdf_epson.pdf", "pdf/unstructured_table-multi-row-column-cells.pdf")
"""Read by OCR."""
BEYOND_REPAIR = ("broken/samplefiles_unreadablemetadata.pdf",)
"""Its first page's object is missing from the file."""

pytestmark = pytest.mark.skipif(
    not DOCUMENTS.is_dir(), reason="the evaluation documents (../shared/eval/documents) are not beside this checkout"
)


def chosen(kind: str) -> list[str]:
    if not DOCUMENTS.is_dir():
        return []
    return [
        entry["file"]
        for entry in entries()
        if (entry["expect"] == "parse") == (kind == "parse")
        and not entry["file"].startswith(PICTURES)
        and entry["file"] not in (*SLOW, *BEYOND_REPAIR)
    ]


@cache
def outcome(file: str) -> Outcome:
    return read(next(entry for entry in entries() if entry["file"] == file))


@pytest.mark.parametrize("file", chosen("parse"))
def test_a_real_file_is_read(file: str) -> None:
    found = outcome(file)
    if file.endswith(CONVERTED) and shutil.which("soffice") is None:
        assert isinstance(found.error, UnsupportedFormat)
        assert "ibreOffice" in found.error.reason
        return
    assert found.parsed is not None, found.error
    assert found.parsed.title
    assert found.chunks > 0


@pytest.mark.parametrize("file", chosen("parse"))
def test_passages_hold_every_word_in_order_and_are_slices_of_the_text(file: str) -> None:
    assert not [problem for problem in outcome(file).problems if "order" in problem]


def test_highlights_show_the_words_of_the_passage_in_the_original() -> None:
    found = [outcome(file) for file in chosen("parse")]
    checked, exact = sum(item.chunks for item in found), sum(item.exact for item in found)
    assert checked > 500
    assert exact == checked, [(item.entry["file"], item.problems) for item in found if item.problems]


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        (FileFormat.PDF, 0.915),
        (FileFormat.DOCX, 0.96),
        (FileFormat.PPTX, 0.95),
        (FileFormat.XLSX, 0.86),
        (FileFormat.HTML, 0.95),
        (FileFormat.MARKDOWN, 0.98),
        (FileFormat.CSV, 0.999),
    ],
)
def test_texts_are_like_what_other_tools_read(kind: FileFormat, least: float) -> None:
    found = [
        item.similarity
        for file in chosen("parse")
        if (item := outcome(file)).parsed is not None and item.parsed.format == kind and item.similarity is not None
    ]
    assert len(found) >= 4
    assert sum(found) / len(found) >= least


@pytest.mark.parametrize("file", [name for name in chosen("other") if "no_id" not in name and "negzero" not in name])
def test_a_broken_or_locked_file_ends_as_it_should(file: str) -> None:
    found = outcome(file)
    assert is_right(found), found.error
    assert found.seconds < 60


@pytest.mark.parametrize(
    "file", [entry["file"] for entry in entries() if entry.get("password")] if chosen("parse") else []
)
def test_the_right_password_opens_a_locked_file(file: str) -> None:
    entry = next(entry for entry in entries() if entry["file"] == file)
    found = read(entry, entry["password"])
    assert found.parsed is not None, found.error


def test_a_chinese_standard_keeps_its_numbered_chapters() -> None:
    (file,) = [name for name in chosen("parse") if "第6部分" in name and name.endswith(".docx")]
    parsed = outcome(file).parsed
    assert parsed is not None
    headings = [parsed.block_text(block) for block in parsed.blocks if block.kind == BlockKind.HEADING]
    assert [text for text in headings if text.startswith(("1 ", "5.2"))][:3] == [
        "1 范围",
        "5.2 评价内容",
        "5.2.1 安全重要构筑物和系统",
    ]


def test_scanned_pages_are_read_by_ocr_with_their_places() -> None:
    found = read(next(entry for entry in entries() if entry["file"] == "scanned/ocr_test_rotated_90.pdf"))
    assert found.parsed is not None, found.error
    assert [page.status for page in found.parsed.pages] == ["ocr"]
    assert "easy self contained package" in " ".join(found.parsed.text.split())
    assert found.exact == found.chunks == 1


def test_a_picture_of_chinese_text_is_read() -> None:
    found = read(next(entry for entry in entries() if entry["file"] == "images/unstructured_chi_sim_image.jpeg"))
    assert found.parsed is not None, found.error
    assert sum("\u4e00" <= character <= "\u9fff" for character in found.parsed.text) > 80
