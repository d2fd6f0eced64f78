"""The characters of a PDF page and their boxes, as lines.

pdfium is asked once a character for its box (the advance width and the font's height) and once a page for the text;
the rest is arithmetic on arrays, so that a page takes a few milliseconds.
"""

from __future__ import annotations

import ctypes
import itertools
import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.parsers.page_lines import Line, apart, without_doubles

_HYPHEN_AT_LINE_END = "\x02"
_WIDE_GAP = 0.9
"""Gap between two characters of a line, in its height, that divides it (columns, cells)."""
_TALLER = 0.3
_INK_SAMPLE = 5
_TOO_TALL = 1.9
_ROOM = 0.35
_BOLD_WEIGHT = 600
_SPECIAL = re.compile("[\x02\ufffe\ufb00-\ufb06\u2e80-\u2fdf]")
_LIGATURES = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}

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
        return ~_is_space(self.codes) & placed & inside

    @property
    def unmapped(self) -> int:
        """How many characters are drawn whose font does not say which they are."""
        boxes = self.boxes
        drawn = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        control = (self.codes < 32) & ~np.isin(self.codes, (2, 9, 10, 13))
        return int((drawn & control).sum())


def read_characters(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage) -> PageCharacters:
    """Return the page's characters, boxes turned and moved to the page as it is displayed."""
    count = text_page.count_chars()
    width, height = page.get_size()
    boxes = (pdfium_c.FS_RECTF * count)()
    loose_box, handle = pdfium_c.FPDFText_GetLooseCharBox, text_page.raw
    for index in range(count):
        loose_box(handle, index, boxes[index])
    # FS_RECTF is left, top, right, bottom with y upwards
    found = np.frombuffer(boxes, dtype=np.float32).reshape(-1, 4)[:, [0, 3, 2, 1]].copy() if count else _no_boxes()
    _fill_flat_boxes(text_page, found)
    return PageCharacters(_codes(text_page, count), _displayed(found, page), width, height)


def _no_boxes() -> Floats:
    return np.zeros((0, 4), dtype=np.float32)


def _codes(text_page: pdfium.PdfTextPage, count: int) -> NDArray[np.uint32]:
    buffer = (ctypes.c_ushort * (count + 1))()
    got = pdfium_c.FPDFText_GetText(text_page.raw, 0, count, buffer) if count else 1
    units: NDArray[np.uint32] = np.frombuffer(bytes(buffer), dtype=np.uint16)[:count].astype(np.uint32)
    if got - 1 == count and not ((units >= 0xD800) & (units < 0xE000)).any():
        return units
    unicode_of, handle = pdfium_c.FPDFText_GetUnicode, text_page.raw
    return np.fromiter((unicode_of(handle, index) for index in range(count)), dtype=np.uint32, count=count)


def _fill_flat_boxes(text_page: pdfium.PdfTextPage, boxes: Floats) -> None:
    """Turned text has no loose box; its ink's box stands in."""
    flat = (boxes[:, 2] - boxes[:, 0] < 0.01) | (np.abs(boxes[:, 3] - boxes[:, 1]) < 0.01)
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    for index in np.flatnonzero(flat).tolist():
        if pdfium_c.FPDFText_GetCharBox(text_page.raw, index, left, right, bottom, top):
            boxes[index] = (left.value, bottom.value, right.value, top.value)


def _displayed(boxes: Floats, page: pdfium.PdfPage) -> Floats:
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


def lines_of(page: PageCharacters, text_page: pdfium.PdfTextPage) -> list[Line]:
    """Return the page's lines in the order of the file, divided at wide gaps."""
    visible = page.visible
    shown = np.flatnonzero(visible)
    if not shown.size:
        return []
    boxes = page.boxes[shown]
    starts = np.flatnonzero(_breaks(boxes, page.codes[shown]))
    ends = np.append(starts[1:], shown.size)
    drawn = _Drawn.of(page, visible)
    x0, y0 = (np.minimum.reduceat(boxes[:, side], starts).tolist() for side in (0, 1))
    x1, y1 = (np.maximum.reduceat(boxes[:, side], starts).tolist() for side in (2, 3))
    weight = pdfium_c.FPDFText_GetFontWeight
    lines: list[Line] = []
    sampled: list[list[int]] = []
    for order, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        line = drawn.line(shown, boxes, start, end, (x0[order], y0[order], x1[order], y1[order]))
        if line.text:
            first, last = int(shown[start]), int(shown[end - 1])
            line.order = order
            line.bold = min(weight(text_page.raw, first), weight(text_page.raw, last)) >= _BOLD_WEIGHT
            lines.append(line)
            step = max(1, (end - start) // _INK_SAMPLE)
            sampled.append(shown[start:end:step].tolist())
    _fit_to_ink(lines, sampled, text_page)
    return apart(without_doubles(lines))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The characters that make up lines: those that show something, and one blank between words.

    `places` gives for each character of the page how many of them come before it.
    """

    text: str
    lefts: Floats
    places: NDArray[np.intp]

    @classmethod
    def of(cls, page: PageCharacters, visible: Flags) -> _Drawn:
        blank = _is_space(page.codes)
        kept = visible | (blank & ~np.append(False, blank[:-1]))
        codes = np.where(blank, 32, page.codes)[kept].astype("<u4")
        # a blank begins where the word before it ends
        ends = np.where(visible, page.boxes[:, 2], 0)
        lefts = np.where(blank, np.append(0, ends[:-1]), page.boxes[:, 0])[kept].astype(np.float32)
        places = np.concatenate([[0], np.cumsum(kept)]).astype(np.intp)
        return cls(codes.tobytes().decode("utf-32-le", errors="replace"), lefts, places)

    def line(
        self,
        shown: NDArray[np.intp],
        boxes: Floats,
        start: int,
        end: int,
        box: tuple[float, float, float, float],
    ) -> Line:
        """Return characters [start, end) of those shown as a line."""
        x0, y0, x1, y1 = box
        own = boxes[start:end]
        tops, bottoms = np.sort(own[:, 1]), np.sort(own[:, 3])
        middle = (end - start) // 2
        size = float(bottoms[middle] - tops[middle])
        if size <= 0 or y1 - y0 >= 2 * size:
            size = float(np.sort(own[:, 3] - own[:, 1])[middle])
        first, last = int(self.places[shown[start]]), int(self.places[shown[end - 1]]) + 1
        text, lefts = self.text[first:last], self.lefts[first:last]
        running = np.maximum.accumulate(lefts)
        edges: tuple[float, ...] = ()
        if lefts.size == 1 or (y1 - y0 < 2.2 * size and float((running - lefts).max()) < 0.5 * size):
            edges = (*np.minimum(running, x1).tolist(), max(x1, float(running[-1])))
            # one tall sign (a root, an integral) does not make the line taller
            y0 = max(y0, float(tops[middle]) - _TALLER * size)
            y1 = min(y1, float(bottoms[middle]) + _TALLER * size)
        elif x1 - x0 < y1 - y0:
            size = float(np.sort(own[:, 2] - own[:, 0])[middle])
        text, edges = _readable(text, edges)
        return Line(text, x0, y0, x1, y1, edges, size)


def _fit_to_ink(lines: list[Line], sampled: list[list[int]], text_page: pdfium.PdfTextPage) -> None:
    """Shrink lines whose font names a height far beyond its letters to the ink of some of them."""
    ink = np.zeros((sum(map(len, sampled)), 4), dtype=np.float32)
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    for row, index in enumerate(itertools.chain.from_iterable(sampled)):
        if pdfium_c.FPDFText_GetCharBox(text_page.raw, index, left, right, bottom, top):
            ink[row] = (left.value, bottom.value, right.value, top.value)
    placed = _displayed(ink, text_page.page)
    at = 0
    for line, indices in zip(lines, sampled, strict=True):
        boxes = placed[at : at + len(indices)]
        at += len(indices)
        inked = [(y0, y1) for _, y0, _, y1 in boxes.tolist() if y1 > y0]
        if not inked or not line.edges:
            continue
        highest, lowest = min(y0 for y0, _ in inked), max(y1 for _, y1 in inked)
        tall = lowest - highest
        if tall > 0 and line.height > _TOO_TALL * tall:
            line.y0 = max(line.y0, highest - _ROOM * tall)
            line.y1 = min(line.y1, lowest + _ROOM * tall)
            line.size = min(line.size, line.height)


def _breaks(boxes: Floats, codes: NDArray[np.uint32]) -> Flags:
    """Tell which characters begin a line: those not beside the one before."""
    before, after = boxes[:-1], boxes[1:]
    heights = boxes[:, 3] - boxes[:, 1]
    low, high = np.minimum(heights[:-1], heights[1:]), np.maximum(heights[:-1], heights[1:])
    shared = np.minimum(before[:, 3], after[:, 3]) - np.maximum(before[:, 1], after[:, 1])
    gap = after[:, 0] - before[:, 2]
    turned = _is_right_to_left(codes)
    either = turned[:-1] | turned[1:]
    beside = (shared > 0.4 * low) & (((gap < _WIDE_GAP * high) & (gap > -1.2 * high)) | (either & (gap > -1e6)))
    back = before[:, 0] - after[:, 2]
    beside &= either | (back < 0)
    widths = boxes[:, 2] - boxes[:, 0]
    stacked_shared = np.minimum(before[:, 2], after[:, 2]) - np.maximum(before[:, 0], after[:, 0])
    stacked_gap = np.maximum(after[:, 1] - before[:, 3], before[:, 1] - after[:, 3])
    stacked = (stacked_shared > 0.5 * np.minimum(widths[:-1], widths[1:])) & (stacked_gap < 0.6 * high) & ~beside
    backwards = (shared > 0.4 * low) & (np.abs(back) < _WIDE_GAP * high) & ~beside  # upside down
    return np.append(True, ~(beside | _in_long_runs(stacked) | _in_long_runs(backwards)))


def _in_long_runs(flags: Flags, least: int = 3) -> Flags:
    """Keep only flags that stand in a row of at least `least` (text that runs downwards, not a column of one word)."""
    padded = np.concatenate([[False], flags, [False]])
    changes = np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2)
    kept = np.zeros_like(flags)
    for start, end in changes.tolist():
        if end - start >= least:
            kept[start:end] = True
    return kept


def _readable(text: str, edges: tuple[float, ...]) -> tuple[str, tuple[float, ...]]:
    """Spell ligatures out, name radicals by their ideographs, take pdfium's mark for a hyphen at the line's end."""
    if not _SPECIAL.search(text):
        return text, edges
    shown: list[str] = []
    places: list[float] = []
    for at, character in enumerate(text):
        if character == _HYPHEN_AT_LINE_END or character == "\ufffe":
            spelled = "-"
        elif character in _LIGATURES:
            spelled = _LIGATURES[character]
        elif "\u2e80" <= character <= "\u2fdf":
            spelled = unicodedata.normalize("NFKC", character)
        else:
            spelled = character
        shown.append(spelled)
        if edges:
            width = edges[at + 1] - edges[at]
            places.extend(edges[at] + width * part / len(spelled) for part in range(len(spelled)))
    return "".join(shown), (*places, edges[-1]) if edges else ()


def _is_space(codes: NDArray[np.uint32]) -> Flags:
    found: Flags = (codes <= 32) & (codes != 2)
    for code in (0xA0, 0x3000, 0x200B, 0xFEFF, 0xAD, 0x2028, 0x2029):
        found |= codes == code
    found |= (codes >= 0x2000) & (codes <= 0x200A)
    return found


def _is_right_to_left(codes: NDArray[np.uint32]) -> Flags:
    return (
        ((codes >= 0x590) & (codes <= 0x8FF))
        | ((codes >= 0xFB1D) & (codes <= 0xFDFF))
        | ((codes >= 0xFE70) & (codes <= 0xFEFE))
    )
