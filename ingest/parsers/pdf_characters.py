"""The characters of a PDF page and their boxes, as arrays."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.parsers.pdf_boxes import ink_boxes, loose_boxes

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PageCharacters:
    """A page's characters in the order of the file: code points and boxes (x0, y0, x1, y1; points, top left)."""

    codes: NDArray[np.uint32]
    boxes: Floats
    width: float
    height: float

    @property
    def visible(self) -> Flags:
        """Which of them show something and stand somewhere on the page."""
        boxes = self.boxes
        placed = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        inside = (boxes[:, 2] > 0) & (boxes[:, 0] < self.width) & (boxes[:, 3] > 0) & (boxes[:, 1] < self.height)
        return ~is_space(self.codes) & placed & inside

    @property
    def unmapped(self) -> int:
        """How many characters are drawn whose font does not say which they are."""
        boxes = self.boxes
        drawn = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        return int((drawn & _is_control(self.codes)).sum())


def read_characters(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage) -> PageCharacters:
    """Return the page's characters, boxes turned and moved to the page as it is displayed.

    Blanks have no box: nothing is drawn there.
    """
    count = text_page.count_chars()
    width, height = page.get_size()
    codes = _codes(text_page, count)
    shown = np.flatnonzero(~is_space(codes) | _is_control(codes))
    boxes = np.zeros((count, 4), dtype=np.float32)
    boxes[shown] = loose_boxes(text_page, shown)
    flat = shown[(boxes[shown, 2] - boxes[shown, 0] < 0.01) | (np.abs(boxes[shown, 3] - boxes[shown, 1]) < 0.01)]
    if flat.size:  # turned text has no loose box; its ink's box stands in
        ink, known = ink_boxes(text_page, flat)
        boxes[flat[known]] = ink[known]
    return PageCharacters(codes, displayed(boxes, page), width, height)


def _codes(text_page: pdfium.PdfTextPage, count: int) -> NDArray[np.uint32]:
    buffer = (ctypes.c_ushort * (count + 1))()
    got = pdfium_c.FPDFText_GetText(text_page.raw, 0, count, buffer) if count else 1
    units: NDArray[np.uint32] = np.frombuffer(bytes(buffer), dtype=np.uint16)[:count].astype(np.uint32)
    if got - 1 == count and not ((units >= 0xD800) & (units < 0xE000)).any():
        return units
    unicode_of, handle = pdfium_c.FPDFText_GetUnicode, text_page.raw
    return np.fromiter((unicode_of(handle, index) for index in range(count)), dtype=np.uint32, count=count)


def displayed(boxes: Floats, page: pdfium.PdfPage) -> Floats:
    """Return boxes (left, bottom, right, top; y upwards) as they stand on the page as it is shown (origin top left)."""
    left, bottom, right, top = page.get_bbox()
    x0, y0, x1, y1 = boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]
    turned = {
        0: (x0 - left, top - y1, x1 - left, top - y0),
        90: (y0 - bottom, x0 - left, y1 - bottom, x1 - left),
        180: (right - x1, y0 - bottom, right - x0, y1 - bottom),
        270: (top - y1, right - x1, top - y0, right - x0),
    }[page.get_rotation()]
    shown = np.stack(turned, axis=1)
    return np.stack(
        [
            np.minimum(shown[:, 0], shown[:, 2]),
            np.minimum(shown[:, 1], shown[:, 3]),
            np.maximum(shown[:, 0], shown[:, 2]),
            np.maximum(shown[:, 1], shown[:, 3]),
        ],
        axis=1,
    )


def displayed_ink(text_page: pdfium.PdfTextPage, characters: NDArray[np.intp]) -> tuple[Floats, Flags]:
    """Return the boxes of what is drawn of these characters as the page is shown, and which of them have one."""
    boxes, known = ink_boxes(text_page, characters)
    return displayed(boxes.astype(np.float32), text_page.page), known


def is_space(codes: NDArray[np.uint32]) -> Flags:
    """Tell which codes show nothing; 2 is pdfium's mark for a hyphen at a line's end."""
    found: Flags = (codes <= 32) & (codes != 2)
    for code in (0xA0, 0x3000, 0x200B, 0xFEFF, 0xAD, 0x2028, 0x2029):
        found |= codes == code
    found |= (codes >= 0x2000) & (codes <= 0x200A)
    return found


def _is_control(codes: NDArray[np.uint32]) -> Flags:
    """Tell which codes name no character: what a font without names gives."""
    return (codes < 32) & ~np.isin(codes, (2, 9, 10, 13))
