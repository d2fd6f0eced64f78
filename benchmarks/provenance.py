"""Does a highlight show the cited words? Checked against the original by another way than the parser's."""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from kb_platform.domain.chunk import Chunk
from kb_platform.domain.document import CellAnchor, PageAnchor, ParagraphAnchor, ParsedDocument, Segment, SlideAnchor
from kb_platform.domain.provenance import locate


def letters(text: str) -> str:
    """Return the letters and digits of a text, compatibility forms as their plain ones."""
    return "".join(character for character in unicodedata.normalize("NFKC", text) if character.isalnum())


class PdfGround:
    """Where each character of a PDF stands, asked character by character (the middle of its ink)."""

    def __init__(self, path: Path, password: str = "") -> None:
        self._document = pdfium.PdfDocument(path, password=password or None)
        self._pages: dict[int, list[tuple[float, float, str]]] = {}

    def text_in(self, anchor: PageAnchor) -> str:
        """Return the characters whose middle lies in the anchor's box, in the order of the file."""
        return "".join(
            character
            for x, y, character in self._characters(anchor.page)
            if anchor.x0 <= x <= anchor.x1 and anchor.y0 <= y <= anchor.y1
        )

    def _characters(self, number: int) -> list[tuple[float, float, str]]:
        if number not in self._pages:
            page = self._document[number - 1]
            text_page = page.get_textpage()
            box = [ctypes.c_double() for _ in range(4)]
            found: list[tuple[float, float, str]] = []
            drawn: dict[tuple[str, int, int], int] = {}
            for index in range(text_page.count_chars()):
                code = pdfium_c.FPDFText_GetUnicode(text_page.raw, index)
                if (
                    not pdfium_c.FPDFText_GetCharBox(text_page.raw, index, *box)
                    or pdfium_c.FPDFText_IsGenerated(text_page.raw, index) == 1
                ):
                    continue
                x0, x1, y0, y1 = (value.value for value in box)
                x, y = _displayed(page, (x0 + x1) / 2, (y0 + y1) / 2)
                character = chr(code) if code < 0x110000 else ""
                if _drawn_before(drawn, character, x, y, index):
                    continue
                found.append((x, y, character))
            self._pages[number] = found
            text_page.close()
            page.close()
        return self._pages[number]


def _drawn_before(drawn: dict[tuple[str, int, int], int], character: str, x: float, y: float, index: int) -> bool:
    """Tell whether the character was drawn in this place already (a shadow); a ligature's letters share a place too,
    but follow one another."""
    across, down = round(x * 4000), round(y * 4000)
    for right in (-1, 0, 1):
        for below in (-1, 0, 1):
            before = drawn.get((character, across + right, down + below))
            if before is not None and index - before > 3:
                return True
    drawn[character, across, down] = index
    return False


def _displayed(page: pdfium.PdfPage, x: float, y: float) -> tuple[float, float]:
    """Ask pdfium where a point of the page is displayed, as fractions of a large canvas."""
    side = 1_000_000
    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium_c.FPDF_PageToDevice(page.raw, 0, 0, side, side, 0, x, y, across, down)
    return across.value / side, down.value / side


def chunk_is_exact(parsed: ParsedDocument, chunk: Chunk, ground: PdfGround | None, cells: Any = None) -> bool:
    """Tell whether the chunk is its slice of the text, and its highlight shows its words in the original."""
    if chunk.text != parsed.text[chunk.start : chunk.end]:
        return False
    return all(_shows(parsed, segment, ground, cells) for segment in locate(parsed, chunk.start, chunk.end))


def _shows(parsed: ParsedDocument, segment: Segment, ground: PdfGround | None, cells: Any) -> bool:
    anchor, words = segment.anchor, letters(parsed.text[segment.start : segment.end])
    if isinstance(anchor, PageAnchor):
        if ground is None:
            return 0 <= anchor.x0 <= anchor.x1 <= 1 and 0 <= anchor.y0 <= anchor.y1 <= 1
        return sorted(letters(ground.text_in(anchor))) == sorted(words)
    if isinstance(anchor, CellAnchor) and cells is not None:
        value, comment = cells(anchor.sheet, anchor.cell)
        return not isinstance(value, str) or words in (letters(value), letters(comment))
    if isinstance(anchor, ParagraphAnchor):
        block = parsed.blocks[anchor.paragraph - 1]
        return block.start <= segment.start and segment.end <= block.end
    return isinstance(anchor, SlideAnchor | CellAnchor)


def in_order(parsed: ParsedDocument, chunks: Sequence[Chunk]) -> bool:
    """Tell whether blocks, segments and chunks stand in order, inside one another, without overlap, and the chunks
    hold every block's words."""
    position = 0
    for block in parsed.blocks:
        if not position <= block.start < block.end <= len(parsed.text):
            return False
        inside = block.start
        for segment in block.segments:
            if not inside <= segment.start < segment.end <= block.end:
                return False
            inside = segment.end
        position = block.end
    position = 0
    left_out = []
    for chunk in chunks:
        if chunk.start < position:
            return False
        left_out.append(parsed.text[position : chunk.start])
        position = chunk.end
    left_out.append(parsed.text[position:])
    return not "".join(left_out).strip()
