"""What a parser makes of a file: canonical text, blocks, and where each character stands in the original."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

BLOCK_SEPARATOR = "\n\n"


class FileFormat(StrEnum):
    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    XLSX = "xlsx"
    CSV = "csv"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"
    IMAGE = "image"
    EMAIL = "email"
    EPUB = "epub"
    ZIP = "zip"
    """Only inside a message: an uploaded archive's members are documents of their own."""
    OTHER = "other"
    """Read by a llama-index reader that the settings plug in."""


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    FORMULA = "formula"
    CAPTION = "caption"
    FOOTNOTE = "footnote"
    NOTES = "notes"
    """Speaker notes of a slide, comments of a document."""


@dataclass(frozen=True, slots=True)
class PageAnchor:
    """A run of text on a page. Coordinates are fractions (0..1) of the page's width and height as it is
    displayed (rotation applied), origin at the top left.

    `edges`, when given, has one x per character of the segment plus the last right edge, so that a part of the
    line can be boxed; empty when characters do not run left to right (then the whole box is used).
    """

    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    edges: tuple[float, ...] = ()
    type: Literal["page"] = "page"


@dataclass(frozen=True, slots=True)
class ParagraphAnchor:
    """A paragraph of a flowing document (DOCX, HTML, Markdown, text), counted from 1 in reading order.

    Equal to the block's number, so that the reader view finds it.
    """

    paragraph: int
    type: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class SlideAnchor:
    """A shape on a slide; both counted from 1."""

    slide: int
    shape: int
    type: Literal["slide"] = "slide"


@dataclass(frozen=True, slots=True)
class CellAnchor:
    """A cell of a sheet (XLSX, CSV) in A1 notation."""

    sheet: str
    cell: str
    type: Literal["cell"] = "cell"


Anchor = Annotated[PageAnchor | ParagraphAnchor | SlideAnchor | CellAnchor, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class Segment:
    """Characters [start, end) of the canonical text and the place where the original shows them."""

    start: int
    end: int
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, table … at characters [start, end) of the canonical text.

    A table's text is one Markdown row a line; `header_rows` says how many lines at its start are its header
    (the rule line `| --- |` counted), to be repeated as context with each piece.
    """

    kind: BlockKind
    start: int
    end: int
    segments: tuple[Segment, ...] = ()
    level: int = 0
    """Headings: 1 is the highest. List items: depth from 1."""
    header_rows: int = 0


class PageStatus(StrEnum):
    TEXT = "text"
    OCR = "ocr"
    EMPTY = "empty"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PageCoverage:
    """What became of one page, slide or sheet. `label` is its name where it has one (a sheet's)."""

    number: int
    status: PageStatus
    characters: int
    label: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A parsed file. `text` is canonical: the blocks' texts joined by BLOCK_SEPARATOR, and every offset in the
    platform counts its characters (Unicode code points)."""

    format: FileFormat
    title: str
    text: str
    blocks: tuple[Block, ...]
    pages: tuple[PageCoverage, ...] = ()
    warnings: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)

    def block_text(self, block: Block) -> str:
        return self.text[block.start : block.end]


_adapter: TypeAdapter[ParsedDocument] = TypeAdapter(ParsedDocument)


def dump_parsed(document: ParsedDocument) -> bytes:
    """Return the document as UTF-8 JSON."""
    return _adapter.dump_json(document, exclude_defaults=False)


def load_parsed(data: bytes) -> ParsedDocument:
    """Return the document that `dump_parsed` wrote."""
    return _adapter.validate_json(data)
