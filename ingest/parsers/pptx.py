"""PowerPoint presentations: slide titles, text, tables, charts, diagrams, notes; anchored by slide and shape.

Read from the XML directly rather than with python-pptx, which fails on shapes that PowerPoint itself shows.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from ingest.parsers.archive import open_archive
from ingest.parsers.builder import DocumentBuilder, Run, one_line
from ingest.parsers.charts import read_chart, read_diagram
from ingest.parsers.formulas import formula_text
from ingest.parsers.office_xml import attribute, child, core_title, local, main_part, read_tree, relationships
from ingest.parsers.source import Source
from ingest.parsers.tables import Cell, table_runs
from kb_platform.domain.document import (
    BlockKind,
    FileFormat,
    PageCoverage,
    PageStatus,
    ParsedDocument,
    SlideAnchor,
)
from kb_platform.domain.errors import CorruptFile

_TITLES = ("title", "ctrTitle")
_LEFT_OUT = ("sldNum", "dt", "ftr", "hdr", "sldImg")
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class _Shape:
    element: etree._Element
    kind: str
    placeholder: str
    top: int
    left: int
    number: int


def parse(source: Source) -> ParsedDocument:
    """Return the presentation's blocks. Raises CorruptFile, NothingReadable, LimitExceeded."""
    builder = DocumentBuilder(FileFormat.PPTX, source.file_name, source.max_characters)
    pages = []
    with open_archive(source) as archive:
        slides = _slides(archive, source)
        for number, part in enumerate(slides, 1):
            before = builder.characters
            try:
                _add_slide(builder, archive, part, number, source)
                reason = ""
            except CorruptFile as error:
                reason = error.reason
                builder.warn(f"Slide {number} cannot be read: {reason}")
            characters = builder.characters - before
            status = PageStatus.FAILED if reason else PageStatus.TEXT if characters else PageStatus.EMPTY
            pages.append(PageCoverage(number, status, characters, reason=reason))
            source.progress(number, len(slides))
        title = core_title(archive, source)
    return builder.finish(
        title=title,
        title_in_text=True,
        pages=pages,
        nothing_readable="its slides hold no text (perhaps only pictures).",
    )


def _slides(archive: zipfile.ZipFile, source: Source) -> list[str]:
    part = main_part(archive, "ppt/presentation.xml", source)
    related = relationships(archive, part, source)
    listed = child(read_tree(archive, part, source), "sldIdLst")
    found = []
    for slide in listed if listed is not None else ():
        key = next((value for name, value in slide.attrib.items() if name.endswith("}id")), "")
        if key in related:
            found.append(related[key][1])
    return found


def _add_slide(builder: DocumentBuilder, archive: zipfile.ZipFile, part: str, slide: int, source: Source) -> None:
    tree = child(read_tree(archive, part, source), "cSld", "spTree")
    if tree is None:
        return
    shapes = sorted(_shapes(tree), key=_reading_order)
    parts = {key: path for key, (_, path) in relationships(archive, part, source).items()}
    for shape in shapes:
        anchor = SlideAnchor(slide, shape.number)
        if shape.kind == "graphicFrame":
            _add_frame(builder, shape.element, anchor)
            _add_drawing(builder, archive, parts, shape.element, anchor, source)
        else:
            _add_text(builder, shape, anchor)
    for kind, path in relationships(archive, part, source).values():
        if kind == "notesSlide":
            _add_notes(builder, archive, path, slide, len(shapes) + 1, source)


def _reading_order(shape: _Shape) -> tuple[int, int, int]:
    """Titles first, then rows of a third of an inch from the top, each from the left."""
    return (0 if shape.placeholder in _TITLES else 1, shape.top // 300_000, shape.left)


def _shapes(tree: etree._Element) -> Iterator[_Shape]:
    """Yield shapes with text, those of groups included; a group's shapes stand where the group stands."""
    number = 0
    stack: list[tuple[Iterator[etree._Element], tuple[int, int] | None]] = [(iter(tree), None)]
    while stack:
        shapes, place = stack[-1]
        element = next(shapes, None)
        if element is None:
            stack.pop()
            continue
        kind = local(element)
        if kind == "grpSp" and len(stack) < _MAX_DEPTH:
            stack.append((iter(element), place or _place(element, "grpSpPr")))
        elif kind in ("AlternateContent", "Choice"):
            chosen = child(element, "Choice")
            stack.append((iter(chosen if chosen is not None else element), place))
        elif kind in ("sp", "graphicFrame", "cxnSp"):
            number += 1
            top, left = place or _place(element, "spPr")
            yield _Shape(element, kind, _placeholder(element), top, left, number)


def _place(element: etree._Element, properties: str) -> tuple[int, int]:
    offset = child(element, properties, "xfrm", "off")
    if offset is None:
        offset = child(element, "xfrm", "off")
    if offset is None:
        return 0, 0
    try:
        return int(float(attribute(offset, "y") or 0)), int(float(attribute(offset, "x") or 0))
    except ValueError:
        return 0, 0


def _placeholder(element: etree._Element) -> str:
    for holder in element:
        if local(holder).startswith("nv"):
            found = child(holder, "nvPr", "ph")
            if found is not None:
                return attribute(found, "type") or "body"
    return ""


def _add_text(builder: DocumentBuilder, shape: _Shape, anchor: SlideAnchor) -> None:
    body = child(shape.element, "txBody")
    if body is None or shape.placeholder in _LEFT_OUT:
        return
    if shape.placeholder in _TITLES:
        title = one_line(" ".join(text for text, _ in _paragraphs(body)))
        builder.add(BlockKind.HEADING, [Run(title, anchor)], level=1)
        return
    for text, depth in _paragraphs(body):
        if depth:
            builder.add(BlockKind.LIST_ITEM, [Run(text, anchor)], level=depth)
        else:
            builder.add(BlockKind.PARAGRAPH, [Run(text, anchor)])


def _paragraphs(body: etree._Element) -> Iterator[tuple[str, int]]:
    """Yield each paragraph's text and list depth (0: no list)."""
    for paragraph in body:
        if local(paragraph) != "p":
            continue
        properties = child(paragraph, "pPr")
        depth = 0
        if properties is not None:
            level = attribute(properties, "lvl")
            bulleted = any(local(inner) in ("buChar", "buAutoNum", "buBlip") for inner in properties)
            depth = int(level) + 1 if level.isdecimal() and int(level) < 9 else int(bulleted)
        if text := one_line(_text(paragraph)):
            yield text, depth


def _text(paragraph: etree._Element) -> str:
    parts = []
    for element in paragraph.iter(etree.Element):
        name = local(element)
        if name == "t" and local(element.getparent()) in ("r", "fld"):
            parts.append(element.text or "")
        elif name == "br":
            parts.append("\n")
        elif name == "oMath":
            parts.append(f" {formula_text(element)} ")
    return "".join(parts)


def _add_frame(builder: DocumentBuilder, frame: etree._Element, anchor: SlideAnchor) -> None:
    """Add a table."""
    data = child(frame, "graphic", "graphicData")
    table = child(data, "tbl") if data is not None else None
    if table is None:
        return
    rows: list[list[Cell]] = []
    for row in table:
        if local(row) != "tr":
            continue
        line: list[Cell] = []
        for cell in row:
            if local(cell) == "tc":
                line.append(_cell(cell, line, rows, anchor))
        rows.append(line)
    rows = [row for row in rows if any(text for text, _ in row)]
    properties = child(table, "tblPr")
    headed = properties is not None and attribute(properties, "firstRow") in ("1", "true")
    runs, lines = table_runs(rows, 1 if len(rows) > 1 and (headed or all(text for text, _ in rows[0])) else 0)
    if rows:
        builder.add(BlockKind.TABLE, runs, header_rows=lines)


def _add_drawing(
    builder: DocumentBuilder,
    archive: zipfile.ZipFile,
    parts: Mapping[str, str],
    frame: etree._Element,
    anchor: SlideAnchor,
    source: Source,
) -> None:
    """Add a chart as a table under its title, a diagram as a list."""
    data = child(frame, "graphic", "graphicData")
    for element in data if data is not None else ():
        if local(element) == "chart":
            chart = read_chart(archive, parts.get(attribute(element, "id"), ""), source)
            if chart is not None:
                builder.add(BlockKind.CAPTION, [Run(chart.title, anchor)])
                runs, lines = table_runs([[(text, anchor) for text in row] for row in chart.rows], 1)
                builder.add(BlockKind.TABLE, runs, header_rows=lines)
        elif local(element) == "relIds":
            for text, depth in read_diagram(archive, parts.get(attribute(element, "dm"), ""), source):
                builder.add(BlockKind.LIST_ITEM, [Run(text, anchor)], level=depth)


def _cell(cell: etree._Element, line: list[Cell], above: list[list[Cell]], anchor: SlideAnchor) -> Cell:
    """Return a cell's text; a merged one's label is repeated down its rows, and across in the header."""
    if attribute(cell, "vMerge") in ("1", "true") and above and len(line) < len(above[-1]):
        return above[-1][len(line)]
    if attribute(cell, "hMerge") in ("1", "true") and line:
        return line[-1] if not above else ("", None)
    body = child(cell, "txBody")
    text = " ".join(text for text, _ in _paragraphs(body)) if body is not None else ""
    return text, anchor if text else None


def _add_notes(
    builder: DocumentBuilder, archive: zipfile.ZipFile, part: str, slide: int, shape_number: int, source: Source
) -> None:
    tree = child(read_tree(archive, part, source), "cSld", "spTree")
    for shape in _shapes(tree) if tree is not None else ():
        body = child(shape.element, "txBody")
        if body is not None and shape.placeholder == "body":
            text = "\n".join(text for text, _ in _paragraphs(body))
            builder.add(BlockKind.NOTES, [Run(text, SlideAnchor(slide, shape_number))])
