"""The paragraphs of a Word document's XML: their text, breaks and formulas, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from ingest.parsers.builder import one_line
from ingest.parsers.formulas import formula_text
from ingest.parsers.office_xml import attribute, local

SKIPPED = frozenset(
    ("del", "moveFrom", "instrText", "delText", "fldData", "pPr", "rPr", "sectPr", "tblPr", "sdtPr", "Fallback")
)


@dataclass(slots=True)
class ParagraphText:
    """A paragraph's text, and what hangs on it and follows it: text boxes, charts and diagrams."""

    text: str = ""
    boxes: list[etree._Element] = field(default_factory=list)
    drawings: list[etree._Element] = field(default_factory=list)
    formula_only: bool = False


def inside_fallback(element: etree._Element) -> bool:
    return any(local(above) == "Fallback" for above in element.iterancestors())


def blocks_of(element: etree._Element, into_tables: bool = False) -> Iterator[etree._Element]:
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
        elif name not in SKIPPED:
            stack.append(iter(inner))


def read_paragraph(paragraph: etree._Element) -> ParagraphText:
    """Gather a paragraph's text without recursion: runs, breaks, formulas; text boxes are kept for later."""
    found = ParagraphText()
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
        elif name in ("chart", "relIds"):
            found.drawings.append(element)
        elif name not in SKIPPED:
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


def paragraph_texts(element: etree._Element) -> list[str]:
    return [text for inner in element.iter("{*}p") if (text := one_line(read_paragraph(inner).text))]
