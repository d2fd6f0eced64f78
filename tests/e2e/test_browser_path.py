"""What a department's secretary and a student do in the browser: upload, wait, ask, open the citation."""

from __future__ import annotations

from pathlib import Path

import pytest
from docx import Document
from openpyxl import Workbook
from playwright.sync_api import Page, expect

REGULATION = """# 本科生转专业管理办法

## 第一章 总则

第一条 为规范本科生转专业工作，制定本办法。

## 第二章 条件

第五条 学生申请转专业，须在校学习满一年，且平均学分绩点不低于 3.0。

第六条 申请材料应于每年五月十五日之前提交教务处。
"""


def make_base(page: Page, name: str) -> None:
    page.get_by_test_id("kb-create").click()
    page.get_by_test_id("kb-name").fill(name)
    page.get_by_test_id("kb-name").press("Enter")
    expect(page.get_by_text(name).first).to_be_visible()


def upload(page: Page, paths: list[Path]) -> None:
    page.get_by_test_id("upload-input").first.set_input_files(paths)
    rows = page.get_by_test_id("document-row")
    expect(rows).to_have_count(len(paths), timeout=30_000)
    for path in paths:
        row = rows.filter(has_text=path.name)
        expect(row.locator('[data-state="ready"]')).to_be_visible(timeout=120_000)


def ask(page: Page, question: str) -> None:
    page.get_by_test_id("question-input").fill(question)
    page.get_by_test_id("question-input").press("Enter")


def test_upload_ask_and_open_the_cited_words(signed_in: Page, tmp_path: Path) -> None:
    regulation = tmp_path / "转专业管理办法.md"
    regulation.write_text(REGULATION)
    make_base(signed_in, "教务处（浏览器）")
    upload(signed_in, [regulation])
    ask(signed_in, "转专业对平均学分绩点有什么要求？")
    chip = signed_in.get_by_test_id("citation-chip").first
    expect(chip).to_be_visible(timeout=60_000)
    expect(signed_in.get_by_test_id("answer").last).to_contain_text("3.0")
    chip.click()
    highlight = signed_in.get_by_test_id("source-panel").get_by_test_id("highlight").first
    expect(highlight).to_be_visible()
    expect(highlight).to_be_in_viewport()
    expect(highlight).to_contain_text("平均学分绩点不低于 3.0")


def test_a_question_that_the_documents_do_not_answer_gets_no_answer_and_no_citation(
    signed_in: Page, tmp_path: Path
) -> None:
    regulation = tmp_path / "转专业管理办法.md"
    regulation.write_text(REGULATION)
    make_base(signed_in, "教务处（没有答案）")
    upload(signed_in, [regulation])
    ask(signed_in, "图书馆星期天几点关门？")
    expect(signed_in.get_by_test_id("abstained")).to_be_visible(timeout=60_000)
    expect(signed_in.get_by_test_id("citation-chip")).to_have_count(0)


def test_a_cell_of_a_sheet_and_a_paragraph_of_a_letter_are_shown_where_they_stand(
    signed_in: Page, tmp_path: Path
) -> None:
    book = Workbook()
    sheet = book.active
    sheet.title = "Budget"
    for row in (("Department", "Equipment 2024", "Travel 2024"), ("Physics", 120500, 8300), ("History", 4100, 9950)):
        sheet.append(row)
    book.save(tmp_path / "budget.xlsx")
    letter = Document()
    letter.add_heading("Parking on campus", level=1)
    letter.add_paragraph("Visitors may park behind the gymnasium between 7:00 and 19:00.")
    letter.save(str(tmp_path / "parking.docx"))
    make_base(signed_in, "Finance")
    upload(signed_in, [tmp_path / "budget.xlsx", tmp_path / "parking.docx"])
    for question, words in (
        ("What is the equipment budget 2024 of the Physics department?", "120500"),
        ("Where may visitors park?", "behind the gymnasium"),
    ):
        ask(signed_in, question)
        answer = signed_in.get_by_test_id("answer").last
        expect(answer.get_by_test_id("citation-chip").first).to_be_visible(timeout=60_000)
        answer.get_by_test_id("citation-chip").first.click()
        highlights = signed_in.get_by_test_id("source-panel").get_by_test_id("highlight")
        expect(highlights.filter(has_text=words).first).to_be_in_viewport()


def test_a_file_that_cannot_be_read_says_why(signed_in: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nthis is not a PDF")
    make_base(signed_in, "Broken")
    signed_in.get_by_test_id("upload-input").first.set_input_files([broken])
    row = signed_in.get_by_test_id("document-row").filter(has_text="broken.pdf")
    expect(row.locator('[data-state="failed"]')).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_the_page_fits_its_window(signed_in: Page, width: int) -> None:
    signed_in.set_viewport_size({"width": width, "height": 800})
    signed_in.wait_for_timeout(300)
    overflow = signed_in.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    expect(signed_in.get_by_test_id("question-input")).to_be_visible()
