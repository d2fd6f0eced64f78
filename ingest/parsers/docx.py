"""Word documents: headings, lists, tables, text boxes, charts, headers and footers, footnotes, comments, formulas.

The body is in the order of the text. Read from the XML directly rather than with python-docx, which leaves text boxes,
notes, comments, content controls and formulas out.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from ingest.parsers.archive import open_archive
from ingest.parsers.builder import DocumentBuilder, one_line
from ingest.parsers.charts import read_chart, read_diagram
from ingest.parsers.docx_numbering import Numbering
from ingest.parsers.docx_tables import table_rows
from ingest.parsers.docx_text import blocks_of, inside_fallback, paragraph_texts, read_paragraph
from ingest.parsers.office_xml import (
    attribute,
    child,
    core_title,
    local,
    main_part,
    read_optional_tree,
    read_tree,
    relationships,
)
from ingest.parsers.scripts import LIST_MARK, chinese_heading_level
from ingest.parsers.source import Source
from ingest.parsers.tables import table_text
from kb_platform.domain.document import BlockKind, FileFormat, ParsedDocument

_HEADING_STYLE = re.compile(r"^(?:heading|标题|標題|überschrift|titre|見出し)\s*(\d)$", re.IGNORECASE)
_TITLE_STYLES = ("title", "标题", "文档标题", "標題")
_PAGE_NUMBER = re.compile(r"^(?:[\W\d_]|第|共|页|頁|page|of|seite|ページ)*$", re.IGNORECASE)
_TOC_STYLE = re.compile(r"^(?:toc|目录|目錄)\s*\d", re.IGNORECASE)


@dataclass(slots=True)
class _Style:
    key: str = ""
    name: str = ""
    level: int = 0
    numbering: tuple[str, int] | None = None
    based_on: str = ""


def parse(source: Source) -> ParsedDocument:
    """Return the document's blocks; each is anchored by its number.

    Raises CorruptFile, NothingReadable, LimitExceeded.
    """
    builder = DocumentBuilder(FileFormat.DOCX, source.file_name, source.max_characters)
    with open_archive(source) as archive:
        part = main_part(archive, "word/document.xml", source)
        relations = relationships(archive, part, source)
        related = dict(relations.values())
        root = read_tree(archive, part, source)
        styles = _styles(archive, related.get("styles", ""), source)
        numbering = Numbering(read_optional_tree(archive, related.get("numbering", ""), source))
        body = child(root, "body")
        if body is not None:
            _Reader(
                builder, styles, numbering, source, archive, {key: path for key, (_, path) in relations.items()}
            ).read(body)
        _add_margins(builder, archive, relations.values(), source)
        for kind, block in (
            ("footnotes", BlockKind.FOOTNOTE),
            ("endnotes", BlockKind.FOOTNOTE),
            ("comments", BlockKind.NOTES),
        ):
            tree = read_optional_tree(archive, related.get(kind, ""), source)
            for note in tree if tree is not None else ():
                if attribute(note, "type") not in ("separator", "continuationSeparator", "continuationNotice"):
                    builder.add_paragraph(block, "\n".join(paragraph_texts(note)))
        title = core_title(archive, source)
    return builder.finish(title=title, title_in_text=True)


def _add_margins(
    builder: DocumentBuilder, archive: zipfile.ZipFile, relations: Iterable[tuple[str, str]], source: Source
) -> None:
    """Add what headers and footers say, once each; a page number alone says nothing."""
    seen: set[str] = set()
    for kind, path in sorted(relations):
        tree = read_optional_tree(archive, path, source) if kind in ("header", "footer") else None
        lines = paragraph_texts(tree) if tree is not None else []
        text = "\n".join(line for line in lines if not _PAGE_NUMBER.match(line))
        if text and text not in seen:
            seen.add(text)
            builder.add_paragraph(BlockKind.NOTES, text)


def _styles(archive: zipfile.ZipFile, part: str, source: Source) -> dict[str, _Style]:
    root = read_optional_tree(archive, part, source)
    styles: dict[str, _Style] = {}
    for element in root if root is not None else ():
        if local(element) != "style" or attribute(element, "type") != "paragraph":
            continue
        style = _Style(attribute(element, "styleId"))
        name = child(element, "name")
        style.name = attribute(name, "val") if name is not None else ""
        based_on = child(element, "basedOn")
        style.based_on = attribute(based_on, "val") if based_on is not None else ""
        outline = child(element, "pPr", "outlineLvl")
        if outline is not None and attribute(outline, "val").isdecimal():
            style.level = int(attribute(outline, "val")) + 1
        if match := _HEADING_STYLE.match(style.name):
            style.level = int(match.group(1))
        style.numbering = _numbering_of(child(element, "pPr"))
        styles[style.key] = style
    for style in styles.values():
        above, seen = style.based_on, 0
        while above in styles and seen < 10:
            style.level = style.level or styles[above].level
            style.numbering = style.numbering or styles[above].numbering
            above, seen = styles[above].based_on, seen + 1
        if not 0 < style.level < 10:
            style.level = 0
    return styles


def _numbering_of(properties: etree._Element | None) -> tuple[str, int] | None:
    if properties is None:
        return None
    number = child(properties, "numPr", "numId")
    if number is None:
        return None
    level = child(properties, "numPr", "ilvl")
    depth = attribute(level, "val") if level is not None else "0"
    return attribute(number, "val"), min(8, int(depth)) if depth.isdecimal() else 0


class _Reader:
    def __init__(
        self,
        builder: DocumentBuilder,
        styles: dict[str, _Style],
        numbering: Numbering,
        source: Source,
        archive: zipfile.ZipFile,
        parts: Mapping[str, str],
    ) -> None:
        self._archive = archive
        self._parts = parts
        self._builder = builder
        self._styles = styles
        self._numbering = numbering
        self._source = source

    def read(self, body: etree._Element) -> None:
        elements = list(blocks_of(body))
        for at, element in enumerate(elements):
            if local(element) == "tbl":
                self._table(element)
            else:
                self._paragraph(element)
            if at % 500 == 0:
                self._source.progress(at, len(elements))

    def _paragraph(self, element: etree._Element) -> None:
        found = read_paragraph(element)
        text = "\n".join(line for part in found.text.split("\n") if (line := one_line(part)))
        properties = child(element, "pPr")
        style = self._style(properties)
        if text and not _TOC_STYLE.match(style.name):
            self._add(text, style, properties, found.formula_only)
        for drawing in found.drawings:
            self._drawing(drawing)
        for box in found.boxes:
            for inner in blocks_of(box):
                if local(inner) == "tbl":
                    self._table(inner)
                else:
                    self._paragraph(inner)

    def _drawing(self, element: etree._Element) -> None:
        if local(element) == "chart":
            chart = read_chart(self._archive, self._parts.get(attribute(element, "id"), ""), self._source)
            if chart is not None:
                self._builder.add_paragraph(BlockKind.CAPTION, chart.title)
                text, lines = table_text(chart.rows, 1)
                self._builder.add_paragraph(BlockKind.TABLE, text, header_rows=lines)
            return
        for text, depth in read_diagram(self._archive, self._parts.get(attribute(element, "dm"), ""), self._source):
            self._builder.add_paragraph(BlockKind.LIST_ITEM, text, depth)

    def _add(self, text: str, style: _Style, properties: etree._Element | None, formula_only: bool) -> None:
        own = _numbering_of(properties)
        numbered = own or self._numbering_of_style(style)
        if numbered is not None and numbered[0] == "0":
            numbered = None
        label = self._numbering.label(*numbered) if numbered else ""
        outline = child(properties, "outlineLvl") if properties is not None else None
        level = style.level
        if outline is not None and attribute(outline, "val") in "012345678":
            level = int(attribute(outline, "val")) + 1
        if level and len(text) > 200:
            level = 0
        if not level and style.name.lower() in _TITLE_STYLES:
            level = 1
        if not level and not numbered:
            level = chinese_heading_level(text)
        if level:
            self._builder.add_paragraph(BlockKind.HEADING, f"{label} {text}".strip(), level)
        elif formula_only:
            self._builder.add_paragraph(BlockKind.FORMULA, text)
        elif numbered:
            self._builder.add_paragraph(BlockKind.LIST_ITEM, f"{label} {text}".strip(), numbered[1] + 1)
        elif LIST_MARK.match(text):
            self._builder.add_paragraph(BlockKind.LIST_ITEM, text, 1)
        elif style.name.lower() in ("caption", "题注"):
            self._builder.add_paragraph(BlockKind.CAPTION, text)
        else:
            self._builder.add_paragraph(BlockKind.PARAGRAPH, text)

    def _numbering_of_style(self, style: _Style) -> tuple[str, int] | None:
        if style.numbering is None:
            return None
        number, depth = style.numbering
        linked = self._numbering.depth_of_style(number, style.key)
        return number, depth if linked is None else linked

    def _style(self, properties: etree._Element | None) -> _Style:
        style = child(properties, "pStyle") if properties is not None else None
        return self._styles.get(attribute(style, "val"), _Style()) if style is not None else _Style()

    def _table(self, table: etree._Element) -> None:
        rows, header = table_rows(table)
        if not any(any(row) for row in rows):
            return
        if (len(rows) == 1 and len(rows[0]) == 1) or all(len(row) == 1 for row in rows):
            for element in blocks_of(table, into_tables=True):  # a frame around text, not a table
                self._paragraph(element)
            return
        text, lines = table_text(rows, header)
        self._builder.add_paragraph(BlockKind.TABLE, text, header_rows=lines)
        for element in table.iter("{*}txbxContent"):
            for inner in blocks_of(element):
                if local(inner) == "p" and not inside_fallback(inner):
                    self._paragraph(inner)
