from __future__ import annotations

import datetime as dt
import io

import pytest
from docx import Document
from openpyxl import Workbook
from openpyxl.comments import Comment
from pptx import Presentation
from pptx.util import Inches

from kb_platform.domain.document import BlockKind, CellAnchor, PageStatus, SlideAnchor
from kb_platform.domain.errors import NothingReadable

from .conftest import ParseFile, first, kinds, texts


def saved(file: object) -> bytes:
    out = io.BytesIO()
    file.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def cells(document: object) -> dict[str, str]:
    return {
        segment.anchor.cell: document.text[segment.start : segment.end]  # type: ignore[attr-defined]
        for block in document.blocks  # type: ignore[attr-defined]
        for segment in block.segments
        if isinstance(segment.anchor, CellAnchor)
    }


def test_word_headings_lists_and_tables_keep_their_kind(parsed: ParseFile) -> None:
    file = Document()
    file.add_heading("学籍管理", 1)
    file.add_paragraph("第一段。")
    file.add_paragraph("要点", style="List Bullet")
    table = file.add_table(rows=2, cols=2)
    for cell, text in zip((*table.rows[0].cells, *table.rows[1].cells), ("类别", "学分", "必修", "90"), strict=True):
        cell.text = text
    document = parsed("rules.docx", saved(file))
    assert kinds(document) == [
        (BlockKind.HEADING, 1),
        (BlockKind.PARAGRAPH, 0),
        (BlockKind.LIST_ITEM, 1),
        (BlockKind.TABLE, 0),
    ]
    assert texts(document, BlockKind.TABLE) == ["| 类别 | 学分 |\n| --- | --- |\n| 必修 | 90 |"]
    assert first(document, BlockKind.TABLE).header_rows == 2


def test_a_cell_merged_down_word_rows_names_each_of_them(parsed: ParseFile) -> None:
    file = Document()
    table = file.add_table(rows=3, cols=2)
    for row, (left, right) in zip(table.rows, (("院系", "人数"), ("数学", "30"), ("", "40")), strict=True):
        row.cells[0].text, row.cells[1].text = left, right
    table.cell(1, 0).merge(table.cell(2, 0))
    document = parsed("table.docx", saved(file))
    assert document.text.splitlines()[-1] == "| 数学 | 40 |"


def test_deleted_text_of_a_revision_is_not_read(parsed: ParseFile) -> None:
    file = Document()
    paragraph = file.add_paragraph("kept")
    run = paragraph.add_run("removed")._r
    deletion = run.makeelement("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}del", {})
    paragraph._p.append(deletion)
    deletion.append(run)
    assert parsed("a.docx", saved(file)).text == "kept"


def test_slides_keep_title_table_and_notes_with_their_number(parsed: ParseFile) -> None:
    file = Presentation()
    file.slides.add_slide(file.slide_layouts[6])
    slide = file.slides.add_slide(file.slide_layouts[5])
    slide.shapes.title.text = "招生计划"
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for at, text in enumerate(("专业", "人数", "数学", "30")):
        table.cell(at // 2, at % 2).text = text
    slide.notes_slide.notes_text_frame.text = "说明来源"
    document = parsed("plan.pptx", saved(file))
    assert [block.kind for block in document.blocks] == [BlockKind.HEADING, BlockKind.TABLE, BlockKind.NOTES]
    assert {segment.anchor.slide for block in document.blocks for segment in block.segments} == {2}  # type: ignore[union-attr]
    assert all(isinstance(segment.anchor, SlideAnchor) for block in document.blocks for segment in block.segments)
    assert [page.status for page in document.pages] == [PageStatus.EMPTY, PageStatus.TEXT]


def test_a_presentation_of_pictures_only_is_not_ready(parsed: ParseFile) -> None:
    file = Presentation()
    file.slides.add_slide(file.slide_layouts[6])
    with pytest.raises(NothingReadable, match="slides hold no text"):
        parsed("empty.pptx", saved(file))


def test_cells_show_what_excel_shows_under_their_names(parsed: ParseFile) -> None:
    file = Workbook()
    sheet = file.active
    sheet.title = "奖学金"
    sheet.append(["姓名", "金额", "日期", "比例"])
    sheet.append(["张三", 12345.6, dt.datetime.fromisoformat("2024-03-05T00:00:00"), 0.256])
    sheet["B2"].number_format, sheet["C2"].number_format, sheet["D2"].number_format = "#,##0.00", "yyyy-mm-dd", "0.0%"
    sheet["A2"].comment = Comment("复核过", "王老师")
    document = parsed("a.xlsx", saved(file))
    shown = cells(document)
    assert (shown["B2"], shown["C2"], shown["D2"]) == ("12,345.60", "2024-03-05", "25.6%")
    assert first(document, BlockKind.TABLE).header_rows == 2
    assert "王老师: 复核过" in texts(document, BlockKind.NOTES)
    assert {s.anchor.sheet for b in document.blocks for s in b.segments} == {"奖学金"}  # type: ignore[union-attr]


def test_a_title_row_and_a_spacer_do_not_break_a_table(parsed: ParseFile) -> None:
    file = Workbook()
    sheet = file.active
    sheet["A1"] = "各学院人数"
    for column, text in enumerate(("学院", "本科", "研究生")):
        sheet.cell(3, 1 + column * 2, text)
    for row, values in enumerate((("数学", 120, 40), ("物理", 90, 30)), 5):
        for column, value in enumerate(values):
            sheet.cell(row, 1 + column * 2, value)
    document = parsed("a.xlsx", saved(file))
    assert texts(document, BlockKind.CAPTION) == ["各学院人数"]
    (table,) = texts(document, BlockKind.TABLE)
    assert table.splitlines() == [
        "| 学院 | 本科 | 研究生 |",
        "| --- | --- | --- |",
        "| 数学 | 120 | 40 |",
        "| 物理 | 90 | 30 |",
    ]


def test_two_tables_with_room_between_are_two_blocks(parsed: ParseFile) -> None:
    file = Workbook()
    sheet = file.active
    for row in (1, 2):
        for column in (1, 2, 6, 7):
            sheet.cell(row, column, f"w{row}{column}")
    assert len(texts(parsed("a.xlsx", saved(file)), BlockKind.TABLE)) == 2


def test_a_cell_merged_down_excel_rows_names_each_of_them(parsed: ParseFile) -> None:
    file = Workbook()
    sheet = file.active
    for row in (["院系", "班级", "人数"], ["数学", "一班", 30], [None, "二班", 31]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    assert parsed("a.xlsx", saved(file)).text.splitlines()[-1] == "| 数学 | 二班 | 31 |"


def test_a_far_cell_costs_no_more_than_its_own_row(parsed: ParseFile) -> None:
    file = Workbook(write_only=False)
    sheet = file.active
    sheet["A1"], sheet["XFD1048576"] = "near", "far"
    document = parsed("far.xlsx", saved(file))
    assert cells(document)["XFD1048576"] == "far"
    assert len(document.text) < 200
