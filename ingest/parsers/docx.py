"""Word documents: headings, lists, tables, text boxes, footnotes, comments, formulas; in the order of the text.

Read from the XML directly rather than with python-docx, which leaves text boxes, notes, comments, content controls and
formulas out.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from ingest.parsers.archive import open_archive
from ingest.parsers.builder import DocumentBuilder, one_line
from ingest.parsers.docx_numbering import Numbering
from ingest.parsers.formulas import formula_text
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
_TOC_STYLE = re.compile(r"^(?:toc|目录|目錄)\s*\d", re.IGNORECASE)
_SKIPPED = frozenset(
    ("del", "moveFrom", "instrText", "delText", "fldData", "pPr", "rPr", "sectPr", "tblPr", "sdtPr", "Fallback")
)
_REPEATED_CHARACTERS = 40


@dataclass(slots=True)
class _Style:
    key: str = ""
    name: str = ""
    level: int = 0
    numbering: tuple[str, int] | None = None
    based_on: str = ""


@dataclass(slots=True)
class _Paragraph:
    """A paragraph's text, and what hangs on it and follows it: text boxes, note numbers."""

    text: str = ""
    boxes: list[etree._Element] = field(default_factory=list)
    formula_only: bool = False


def parse(source: Source) -> ParsedDocument:
    """Return the document's blocks; each is anchored by its number.

    Raises CorruptFile, NothingReadable, LimitExceeded.
    """
    builder = DocumentBuilder(FileFormat.DOCX, source.file_name, source.max_characters)
    with open_archive(source) as archive:
        part = main_part(archive, "word/document.xml", source)
        related = dict(relationships(archive, part, source).values())
        root = read_tree(archive, part, source)
        styles = _styles(archive, related.get("styles", ""), source)
        numbering = Numbering(read_optional_tree(archive, related.get("numbering", ""), source))
        body = child(root, "body")
        if body is not None:
            _Reader(builder, styles, numbering, source).read(body)
        for kind, block in (
            ("footnotes", BlockKind.FOOTNOTE),
            ("endnotes", BlockKind.FOOTNOTE),
            ("comments", BlockKind.NOTES),
        ):
            tree = read_optional_tree(archive, related.get(kind, ""), source)
            for note in tree if tree is not None else ():
                if attribute(note, "type") not in ("separator", "continuationSeparator", "continuationNotice"):
                    builder.add_paragraph(block, "\n".join(_paragraph_texts(note)))
        title = core_title(archive, source)
    return builder.finish(title=title, title_in_text=True)


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
        self, builder: DocumentBuilder, styles: dict[str, _Style], numbering: Numbering, source: Source
    ) -> None:
        self._builder = builder
        self._styles = styles
        self._numbering = numbering
        self._source = source

    def read(self, body: etree._Element) -> None:
        elements = list(_blocks(body))
        for at, element in enumerate(elements):
            if local(element) == "tbl":
                self._table(element)
            else:
                self._paragraph(element)
            if at % 500 == 0:
                self._source.progress(at, len(elements))

    def _paragraph(self, element: etree._Element) -> None:
        found = _read_paragraph(element)
        text = "\n".join(line for part in found.text.split("\n") if (line := one_line(part)))
        properties = child(element, "pPr")
        style = self._style(properties)
        if text and not _TOC_STYLE.match(style.name):
            self._add(text, style, properties, found.formula_only)
        for box in found.boxes:
            for inner in _blocks(box):
                if local(inner) == "tbl":
                    self._table(inner)
                else:
                    self._paragraph(inner)

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
            for element in _blocks(table, into_tables=True):  # a frame around text, not a table
                self._paragraph(element)
            return
        text, lines = table_text(rows, header)
        self._builder.add_paragraph(BlockKind.TABLE, text, header_rows=lines)
        for element in table.iter("{*}txbxContent"):
            for inner in _blocks(element):
                if local(inner) == "p" and not _inside_fallback(inner):
                    self._paragraph(inner)


def _inside_fallback(element: etree._Element) -> bool:
    return any(local(above) == "Fallback" for above in element.iterancestors())


def _blocks(element: etree._Element, into_tables: bool = False) -> Iterator[etree._Element]:
    """Yield paragraphs and tables in order, through content controls and other wrappers."""
    stack = [iter(element)]
    while stack:
        inner = next(stack[-1], None)
        if inner is None:
            stack.pop()
            continue
        name = local(inner)
        if name == "p" or (name == "tbl" and not into_tables):
            yield inner
        elif name not in _SKIPPED:
            stack.append(iter(inner))


def _read_paragraph(paragraph: etree._Element) -> _Paragraph:
    """Gather a paragraph's text without recursion: runs, breaks, formulas; text boxes are kept for later."""
    found = _Paragraph()
    parts: list[str] = []
    formulas = 0
    stack = [iter(paragraph)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
            continue
        name = local(element)
        if name == "t":
            parts.append(element.text or "")
        elif name in ("tab", "ptab"):
            parts.append(" ")
        elif name in ("br", "cr"):
            parts.append("\n")
        elif name == "noBreakHyphen":
            parts.append("-")
        elif name == "sym":
            parts.append(_symbol(element))
        elif name in ("oMath", "oMathPara"):
            parts.append(f" {formula_text(element)} ")
            formulas += 1
        elif name == "txbxContent":
            found.boxes.append(element)
        elif name not in _SKIPPED:
            stack.append(iter(element))
    found.text = "".join(parts)
    found.formula_only = formulas > 0 and sum(len(part.strip()) for part in parts) == len(found.text.strip())
    return found


def _symbol(element: etree._Element) -> str:
    code = attribute(element, "char")
    try:
        value = int(code, 16)
    except ValueError:
        return ""
    return "•" if 0xF000 <= value <= 0xF0FF else chr(value) if value < 0x110000 else ""


def _paragraph_texts(element: etree._Element) -> list[str]:
    return [text for inner in element.iter("{*}p") if (text := one_line(_read_paragraph(inner).text))]


def table_rows(table: etree._Element) -> tuple[list[list[str]], int]:
    """Return the cells of a Word table, merged ones repeated where their label counts, and its header rows."""
    rows: list[list[str]] = []
    header = 0
    above: dict[int, str] = {}
    for row in _direct(table, "tr"):
        line: list[str] = []
        properties = child(row, "trPr")
        before = child(properties, "gridBefore") if properties is not None else None
        if before is not None and attribute(before, "val").isdecimal():
            line.extend([""] * min(60, int(attribute(before, "val"))))
        for cell in _direct(row, "tc"):
            merge = child(cell, "tcPr", "vMerge")
            if merge is not None and attribute(merge, "val") != "restart":
                text = above.get(len(line), "")
            else:
                text = " ".join(_cell_texts(cell))
            if merge is not None:
                above[len(line)] = text if len(text) <= _REPEATED_CHARACTERS else ""
            else:
                above.pop(len(line), None)
            span = child(cell, "tcPr", "gridSpan")
            width = attribute(span, "val") if span is not None else "1"
            copies = min(60, int(width)) if width.isdecimal() else 1
            line.append(text)
            line.extend([text if not rows and len(text) <= _REPEATED_CHARACTERS else ""] * (copies - 1))
        if properties is not None and child(properties, "tblHeader") is not None and header == len(rows):
            header += 1
        rows.append(line)
    rows = [row for row in rows if any(row)]
    if rows and header == 0 and _looks_like_header(rows):
        header = 1
    return _without_empty_columns(rows), min(header, max(0, len(rows) - 1))


def _cell_texts(cell: etree._Element) -> list[str]:
    texts: list[str] = []
    for element in _blocks(cell):
        if local(element) == "tbl":
            inner, _ = table_rows(element)
            texts.extend(", ".join(text for text in row if text) for row in inner)
        else:
            texts.append(one_line(_read_paragraph(element).text))
    return [text for text in texts if text]


def _direct(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield rows of a table or cells of a row, through content controls and revision marks but not nested tables."""
    for inner in element:
        found = local(inner)
        if found == name:
            yield inner
        elif found in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"):
            yield from _direct(inner, name)


def _looks_like_header(rows: list[list[str]]) -> bool:
    first = rows[0]
    return len(rows) > 1 and all(first) and len(set(first)) > 1 and all(len(text) <= 60 for text in first)


def _without_empty_columns(rows: list[list[str]]) -> list[list[str]]:
    filled = {column for row in rows for column, text in enumerate(row) if text}
    return [[text for column, text in enumerate(row) if column in filled] for row in rows]
