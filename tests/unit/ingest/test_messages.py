"""E-mail: who wrote what to whom, and what was attached."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

import pytest

from ingest.parsers.members import MOST_DEPTH
from kb_platform.domain.document import BlockKind, FileFormat, PageStatus
from kb_platform.domain.errors import NothingReadable
from tests.ole_files import ole, outlook_message
from tests.pdf_files import Page, Text, pdf

from .conftest import ParseFile, texts


def letter(subject: str = "关于开学安排", body: str = "九月一日开学。") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "教务处 <office@example.edu>"
    message["To"] = "students@example.edu"
    message["Date"] = "Tue, 03 Sep 2024 08:00:00 +0800"
    message["Subject"] = subject
    message.set_content(body)
    return message


def test_subject_headers_and_body_of_a_message_are_kept(parsed: ParseFile) -> None:
    document = parsed("mail.eml", letter().as_bytes())
    assert document.format == FileFormat.EMAIL
    assert document.title == "关于开学安排"
    heading, headers, body = texts(document)
    assert heading == "关于开学安排"
    assert "From: 教务处 <office@example.edu>" in headers
    assert "2024" in headers
    assert body == "九月一日开学。"


def test_the_html_of_a_message_keeps_its_tables_and_its_text_is_not_doubled(parsed: ParseFile) -> None:
    message = letter(body="Room A\nOpen 8")
    message.add_alternative(
        "<p>Rooms:</p><table><tr><th>Room</th><th>Open</th></tr><tr><td>A</td><td>8</td></tr></table>", subtype="html"
    )
    document = parsed("mail.eml", message.as_bytes())
    assert texts(document, BlockKind.TABLE) == ["| Room | Open |\n| --- | --- |\n| A | 8 |"]
    assert "Room A" not in document.text


def test_attachments_are_read_under_their_names(parsed: ParseFile) -> None:
    message = letter()
    message.add_attachment(
        pdf([Page([Text(72, 700, "Timetable of the term")])]),
        maintype="application",
        subtype="pdf",
        filename="课表.pdf",
    )
    document = parsed("mail.eml", message.as_bytes())
    assert "课表.pdf" in texts(document, BlockKind.HEADING)
    assert "Timetable of the term" in document.text
    assert [(page.label, page.status) for page in document.pages] == [
        ("", PageStatus.TEXT),
        ("课表.pdf", PageStatus.TEXT),
    ]
    for block in document.blocks:
        assert [document.text[s.start : s.end] for s in block.segments] == [document.block_text(block)]


def test_an_attachment_that_cannot_be_read_is_named_and_loses_nothing_else(parsed: ParseFile) -> None:
    message = letter()
    message.add_attachment(b"%PDF-1.4 cut", maintype="application", subtype="pdf", filename="cut.pdf")
    message.add_attachment(b"kept words", maintype="text", subtype="plain", filename="kept.txt")
    document = parsed("mail.eml", message.as_bytes())
    assert "kept words" in document.text
    assert any("cut.pdf" in warning for warning in document.warnings)
    assert [page.status for page in document.pages] == [PageStatus.TEXT, PageStatus.FAILED, PageStatus.TEXT]


def test_an_archive_that_a_message_carries_is_unpacked(parsed: ParseFile) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("rules/one.txt", "first rule")
        archive.writestr("__MACOSX/._one.txt", "noise")
    message = letter()
    message.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="rules.zip")
    document = parsed("mail.eml", message.as_bytes())
    assert "rules/one.txt" in texts(document, BlockKind.HEADING)
    assert "first rule" in document.text
    assert "noise" not in document.text


def test_a_message_in_a_message_is_read_and_endless_nesting_is_not(parsed: ParseFile) -> None:
    inner = letter("level 0", "innermost words")
    for depth in range(1, MOST_DEPTH + 3):
        outer = letter(f"level {depth}", f"words of level {depth}")
        outer.add_attachment(inner)
        inner = outer
    document = parsed("mail.eml", inner.as_bytes())
    assert "words of level 3" in document.text
    assert "innermost words" not in document.text
    assert any("deep" in warning for warning in document.warnings)


def test_a_header_and_a_body_in_raw_gbk_are_read(parsed: ParseFile) -> None:
    raw = "From: a@example.cn\r\nTo: b@example.cn\r\nSubject: 图书馆开放时间的通知\r\n\r\n图书馆每天八点开放。".encode(
        "gbk"
    )
    document = parsed("mail.eml", raw)
    assert document.title == "图书馆开放时间的通知"
    assert "图书馆每天八点开放。" in document.text


def test_a_message_is_known_without_its_suffix_and_prose_with_colons_is_not_one(parsed: ParseFile) -> None:
    assert parsed("stored", letter().as_bytes()).format == FileFormat.EMAIL
    assert parsed("notes", "From: the dean\nRoom: 12\nPhone: 34\n\nwords").format == FileFormat.TEXT


def test_a_message_without_any_text_is_not_ready(parsed: ParseFile) -> None:
    with pytest.raises(NothingReadable, match="no text"):
        parsed("mail.eml", letter(body="").as_bytes())


def test_an_outlook_message_is_read_like_any_other(parsed: ParseFile) -> None:
    inner = outlook_message("Forwarded", "forwarded words", is_embedded=True)
    content = ole(
        outlook_message(
            "会议通知",
            "下周一开会。",
            {"agenda.txt": b"agenda words", "Forwarded": inner},
            **{"0C1A": "王老师", "0E04": "全体教师"},
        )
    )
    document = parsed("mail.msg", content)
    assert document.title == "会议通知"
    assert "From: 王老师\nTo: 全体教师" in document.text
    assert texts(document)[2:] == ["下周一开会。", "agenda.txt", "agenda words", "Forwarded", "forwarded words"]


def test_a_body_in_rich_text_alone_is_said_not_lost_in_silence(parsed: ParseFile) -> None:
    tree = outlook_message("Subject", "", {"a.txt": b"words of the attachment"})
    tree["__substg1.0_10090102"] = b"compressed"
    document = parsed("mail.msg", ole(tree))
    assert document.pages[0].status == PageStatus.FAILED
    assert "rich text" in document.warnings[0]
