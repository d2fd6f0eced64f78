"""What Office files draw rather than write: charts, diagrams, text boxes; and what stands at the edge of a page."""

from __future__ import annotations

import io
import zipfile

from docx import Document
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from kb_platform.domain.document import BlockKind, CellAnchor, SlideAnchor

from .conftest import ParseFile, first, texts

TABLE = "|  | 本科 | 硕士 |\n| --- | --- | --- |\n| 2022 | 15.0% | 3 |\n| 2023 | 20.5% | 4 |"
C = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
DGM = 'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DIAGRAM = (
    f"<dgm:dataModel {DGM} {A}><dgm:ptLst><dgm:pt modelId='0' type='doc'/>"
    "<dgm:pt modelId='1'><dgm:t><a:p><a:r><a:t>申请</a:t></a:r></a:p></dgm:t></dgm:pt>"
    "<dgm:pt modelId='2'><dgm:t><a:p><a:r><a:t>审核材料</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst><dgm:cxnLst>"
    "<dgm:cxn modelId='8' srcId='0' destId='1'/><dgm:cxn modelId='9' srcId='1' destId='2'/></dgm:cxnLst>"
    "</dgm:dataModel>"
)


def saved(file: object) -> bytes:
    out = io.BytesIO()
    file.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def presentation() -> bytes:
    file = Presentation()
    slide = file.slides.add_slide(file.slide_layouts[5])
    slide.shapes.title.text = "招生"
    data = CategoryChartData()
    data.categories = ["2022", "2023"]
    data.add_series("本科", (0.15, 0.205), number_format="0.0%")
    data.add_series("硕士", (3, 4))
    frame = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(4), Inches(3), data)
    frame.chart.has_title = True
    frame.chart.chart_title.text_frame.text = "招生比例"
    return saved(file)


def with_parts(data: bytes, parts: dict[str, str], changes: dict[str, tuple[str, str]]) -> bytes:
    """Return an Office file with further parts, and with text replaced in some of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name).decode("utf-8", "surrogateescape")
            if name in changes:
                assert changes[name][0] in content
                content = content.replace(*changes[name])
            new.writestr(name, content.encode("utf-8", "surrogateescape"))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def document_with(drawing: str, kind: str, part: str) -> bytes:
    file = Document()
    file.add_paragraph("before")
    file.add_paragraph("HERE")
    file.add_paragraph("after")
    relation = f'<Relationship Id="rIdX" Type="{KIND}/{kind}" Target="drawn.xml"/></Relationships>'
    return with_parts(
        saved(file),
        {"word/drawn.xml": part},
        {
            "word/document.xml": ("<w:t>HERE</w:t>", f"<w:drawing>{drawing}</w:drawing>"),
            "word/_rels/document.xml.rels": ("</Relationships>", relation),
        },
    )


def chart_part() -> str:
    with zipfile.ZipFile(io.BytesIO(presentation())) as archive:
        name = next(name for name in archive.namelist() if name.startswith("ppt/charts/chart"))
        return archive.read(name).decode()


def test_a_chart_on_a_slide_is_a_table_under_its_title(parsed: ParseFile) -> None:
    document = parsed("a.pptx", presentation())
    assert texts(document) == ["招生", "招生比例", TABLE]
    table = first(document, BlockKind.TABLE)
    assert table.header_rows == 2
    assert all(isinstance(segment.anchor, SlideAnchor) for segment in table.segments)


def test_a_chart_in_a_document_stands_where_it_is_drawn(parsed: ParseFile) -> None:
    content = document_with(f'<c:chart {C} {R} r:id="rIdX"/>', "chart", chart_part())
    assert texts(parsed("a.docx", content)) == ["before", "招生比例", TABLE, "after"]


def test_a_chart_on_a_sheet_is_anchored_by_the_cells_that_it_covers(parsed: ParseFile) -> None:
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        assert any(name.startswith("xl/charts/") for name in archive.namelist())
    document = parsed("a.xlsx", workbook())
    caption = first(document, BlockKind.CAPTION)
    assert document.block_text(caption) == "Students"
    anchor = caption.segments[0].anchor
    assert isinstance(anchor, CellAnchor)
    assert anchor.cell.startswith("E5")


def workbook() -> bytes:
    file = Workbook()
    sheet = file.active
    for row in (("year", "students"), (2022, 10), (2023, 20)):
        sheet.append(row)
    chart = BarChart()
    chart.title = "Students"
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(chart, "E5")
    return saved(file)


def test_the_steps_of_a_diagram_are_a_list_with_its_levels(parsed: ParseFile) -> None:
    content = document_with(f'<dgm:relIds {DGM} {R} r:dm="rIdX"/>', "diagramData", DIAGRAM)
    document = parsed("a.docx", content)
    assert [(document.block_text(b), b.level) for b in document.blocks if b.kind == BlockKind.LIST_ITEM] == [
        ("申请", 1),
        ("审核材料", 2),
    ]


def test_a_damaged_chart_loses_nothing_else(parsed: ParseFile) -> None:
    content = document_with(f'<c:chart {C} {R} r:id="rIdX"/>', "chart", "<c:chart")
    assert texts(parsed("a.docx", content)) == ["before", "after"]


def test_headers_and_footers_are_kept_once_and_page_numbers_are_not(parsed: ParseFile) -> None:
    file = Document()
    file.add_paragraph("body")
    for _ in range(2):
        section = file.sections[-1]
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        section.header.paragraphs[0].text = "文件编号 XJ-2024-01"
        section.footer.paragraphs[0].text = "第 1 页 共 9 页"
        file.add_section()
    assert texts(parsed("a.docx", saved(file))) == ["body", "文件编号 XJ-2024-01"]


def test_a_text_box_in_a_document_and_on_a_sheet_is_kept(parsed: ParseFile) -> None:
    inside = "<w:txbxContent><w:p><w:r><w:t>boxed words</w:t></w:r></w:p></w:txbxContent>"
    box = f"<wps:txbx xmlns:wps='urn:wps'>{inside}</wps:txbx>"
    assert texts(parsed("a.docx", document_with(box, "image", "<x/>"))) == ["before", "boxed words", "after"]
    drawn = (
        f"<xdr:wsDr xmlns:xdr='urn:xdr' {A}><xdr:twoCellAnchor>"
        "<xdr:from><xdr:col>1</xdr:col><xdr:row>2</xdr:row></xdr:from>"
        "<xdr:to><xdr:col>3</xdr:col><xdr:row>4</xdr:row></xdr:to><xdr:sp><xdr:txBody><a:p><a:r><a:t>note over the "
        "cells</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:twoCellAnchor></xdr:wsDr>"
    )
    content = workbook()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        old = archive.read("xl/drawings/drawing1.xml").decode()
    document = parsed("a.xlsx", with_parts(content, {}, {"xl/drawings/drawing1.xml": (old, drawn)}))
    block = next(block for block in document.blocks if document.block_text(block) == "note over the cells")
    assert block.segments[0].anchor == CellAnchor("Sheet", "B3:D5")
