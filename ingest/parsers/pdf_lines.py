"""The lines of a PDF page's text layer.

pdfium is asked once a page for its text and once a character for its box (the advance width and the font's height); the
rest is arithmetic on arrays, so that a page takes a few milliseconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.parsers.page_lines import Line, apart, without_doubles
from ingest.parsers.pdf_boxes import font_weights
from ingest.parsers.pdf_characters import Flags, Floats, PageCharacters, displayed_ink, is_space
from ingest.parsers.pdf_overlaps import MOST_COMPARED, DrawnLine, boxed_apart

_HYPHEN_AT_LINE_END = "\x02"
_WIDE_GAP = 0.9
"""Gap between two characters of a line, in its height, that divides it (columns, cells)."""
_STANDS_APART = 0.25
_TALLER = 0.3
_INK_SAMPLE = 5
_TOO_TALL = 1.9
_ROOM = 0.35
_BOLD_WEIGHT = 600
_SPECIAL = re.compile("[\x02\ufffe\ufb00-\ufb06\u2e80-\u2fdf]")
_LIGATURES = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}


def lines_of(page: PageCharacters, text_page: pdfium.PdfTextPage) -> list[Line]:
    """Return the page's lines in the order of the file, divided at wide gaps."""
    visible = page.visible
    shown = np.flatnonzero(visible)
    if not shown.size:
        return []
    boxes = page.boxes[shown]
    starts = np.flatnonzero(_breaks(boxes, page.codes[shown]))
    ends = np.append(starts[1:], shown.size)
    lines = _drawn_lines(page, visible, shown, boxes, starts, ends)
    weights = map(min, font_weights(text_page, shown[starts]), font_weights(text_page, shown[ends - 1]))
    steps = np.maximum(1, (ends - starts) // _INK_SAMPLE).tolist()
    kept: list[Line] = []
    sampled: list[NDArray[np.intp]] = []
    for order, (line, weight) in enumerate(zip(lines, weights, strict=True)):
        if line.text:
            line.order = order
            line.bold = weight >= _BOLD_WEIGHT
            kept.append(line)
            sampled.append(shown[starts[order] : ends[order] : steps[order]])
    _fit_to_ink(kept, sampled, text_page)
    kept = apart(without_doubles(kept))
    return boxed_apart([_drawn(line, shown, boxes, starts, ends) for line in kept], text_page)


def _drawn(
    line: Line, shown: NDArray[np.intp], boxes: Floats, starts: NDArray[np.intp], ends: NDArray[np.intp]
) -> DrawnLine:
    characters = slice(starts[line.order], ends[line.order])
    return DrawnLine(line, shown[characters], boxes[characters])


def _drawn_lines(
    page: PageCharacters,
    visible: Flags,
    shown: NDArray[np.intp],
    boxes: Floats,
    starts: NDArray[np.intp],
    ends: NDArray[np.intp],
) -> list[Line]:
    """Return the lines [starts, ends) of the characters shown, one blank between words."""
    blank = is_space(page.codes)
    kept = visible | (blank & ~np.append(False, blank[:-1]))
    codes = np.where(blank, 32, page.codes)[kept].astype("<u4")
    text = codes.tobytes().decode("utf-32-le", errors="replace")
    special = bool(_SPECIAL.search(text))
    # a blank begins where the word before it ends
    before = np.append(0, np.where(visible, page.boxes[:, 2], 0)[:-1])
    lefts = np.where(blank, before, page.boxes[:, 0])[kept].astype(np.float32)
    places = np.append(0, np.cumsum(kept))
    firsts, lasts = places[shown[starts]], places[shown[ends - 1]] + 1
    backwards = np.append(0, np.cumsum(lefts[1:] < lefts[:-1]))
    ordered = (backwards[lasts - 1] == backwards[firsts]).tolist()
    x0, y0 = (np.minimum.reduceat(boxes[:, side], starts).tolist() for side in (0, 1))
    x1, y1 = (np.maximum.reduceat(boxes[:, side], starts).tolist() for side in (2, 3))
    high, low = (_medians(boxes[:, side], starts, ends) for side in (1, 3))
    sizes, tops, bottoms = (low - high).tolist(), high.tolist(), low.tolist()
    places_from = lefts.tolist()
    lines = []
    for at, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True)):
        size, top, bottom, right = sizes[at], y0[at], y1[at], x1[at]
        if size <= 0 or bottom - top >= 2 * size:
            size = _median(boxes[starts[at] : ends[at]], 1)
        edges: tuple[float, ...] = ()
        upright = bottom - top < 2.2 * size
        if last - first == 1 or (upright and ordered[at]):
            edges = (*places_from[first:last], right)
        elif upright:
            running = np.maximum.accumulate(lefts[first:last])
            if float((running - lefts[first:last]).max()) < 0.5 * size:
                edges = (*np.minimum(running, right).tolist(), max(right, float(running[-1])))
        if edges:
            # one tall sign (a root, an integral) does not make the line taller
            top = max(top, tops[at] - _TALLER * size)
            bottom = min(bottom, bottoms[at] + _TALLER * size)
        elif right - x0[at] < bottom - top:
            size = _median(boxes[starts[at] : ends[at]], 0)
        words = text[first:last]
        if special:
            words, edges = _readable(words, edges)
        lines.append(Line(words, x0[at], top, right, bottom, edges, size))
    return lines


def _medians(values: Floats, starts: NDArray[np.intp], ends: NDArray[np.intp]) -> Floats:
    """Return each stretch's upper median."""
    stretch = np.repeat(np.arange(starts.size), ends - starts)
    medians: Floats = values[np.lexsort((values, stretch))][starts + (ends - starts) // 2]
    return medians


def _median(boxes: Floats, side: int) -> float:
    """Return the upper median of the boxes' widths (side 0) or heights (side 1)."""
    return float(np.sort(boxes[:, side + 2] - boxes[:, side])[len(boxes) // 2])


def _fit_to_ink(lines: list[Line], sampled: list[NDArray[np.intp]], text_page: pdfium.PdfTextPage) -> None:
    """Shrink lines whose font names a height far beyond its letters to the ink of some of them."""
    if not lines:
        return
    placed, _ = displayed_ink(text_page, np.concatenate(sampled))
    inked = placed[:, 3] > placed[:, 1]
    counts = [indices.size for indices in sampled]
    starts = np.append(0, np.cumsum(counts[:-1])).astype(np.intp)
    tops = np.minimum.reduceat(np.where(inked, placed[:, 1], np.inf), starts).tolist()
    bottoms = np.maximum.reduceat(np.where(inked, placed[:, 3], -np.inf), starts).tolist()
    # one line may hold no tall letter (sommer, 一); the tallest of its size tells
    tallest: dict[int, float] = defaultdict(float)
    for line, highest, lowest in zip(lines, tops, bottoms, strict=True):
        tallest[round(2 * line.size)] = max(tallest[round(2 * line.size)], lowest - highest)
    for line, highest, lowest in zip(lines, tops, bottoms, strict=True):
        tall = tallest[round(2 * line.size)]
        if line.edges and lowest > highest and line.height > _TOO_TALL * tall:
            line.y0 = max(line.y0, highest - _ROOM * tall)
            line.y1 = min(line.y1, lowest + _ROOM * tall)
            line.size = min(line.size, line.height)
    _clear_of_others(lines, np.array(tops), np.array(bottoms))


def _clear_of_others(lines: list[Line], tops: NDArray[np.float64], bottoms: NDArray[np.float64]) -> None:
    """Trim lines whose box holds the middle of another line's ink, above or below their own ink, to halfway between."""
    if len(lines) > MOST_COMPARED:
        return
    x0, y0, x1, y1 = (np.array([getattr(line, side) for line in lines]) for side in ("x0", "y0", "x1", "y1"))
    with np.errstate(invalid="ignore"):  # lines without ink are at infinity
        middles = (tops + bottoms) / 2
    across = (x0[:, None] < x1[None, :]) & (x0[None, :] < x1[:, None])
    inside = across & (middles[None, :] > y0[:, None]) & (middles[None, :] < y1[:, None])
    for at, other in np.argwhere(inside & (middles[None, :] < tops[:, None])).tolist():
        lines[at].y0 = max(lines[at].y0, float(min(tops[at], (tops[at] + bottoms[other]) / 2)))
    for at, other in np.argwhere(inside & (middles[None, :] > bottoms[:, None])).tolist():
        lines[at].y1 = min(lines[at].y1, float(max(bottoms[at], (bottoms[at] + tops[other]) / 2)))


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
    # what stands apart and higher or lower is another row's (a legend beside a smaller one)
    shifted = (low > 0.8 * high) & (gap > _STANDS_APART * high) & (shared < 0.75 * low)
    beside &= ~shifted | either
    back = before[:, 0] - after[:, 2]
    beside &= either | (back < 0)
    widths = boxes[:, 2] - boxes[:, 0]
    stacked_shared = np.minimum(before[:, 2], after[:, 2]) - np.maximum(before[:, 0], after[:, 0])
    stacked_gap = np.maximum(after[:, 1] - before[:, 3], before[:, 1] - after[:, 3])
    stacked = (stacked_shared > 0.5 * np.minimum(widths[:-1], widths[1:])) & (stacked_gap < 0.6 * high) & ~beside
    backwards = (shared > 0.4 * low) & (np.abs(back) < _WIDE_GAP * high) & ~beside  # upside down
    beside |= _second_scripts(boxes, heights)
    return np.append(True, ~(beside | _in_long_runs(stacked) | _in_long_runs(backwards)))


def _second_scripts(boxes: Floats, heights: Floats) -> Flags:
    """Tell which characters (from the second on) are the index below a letter that has one above, or the other way."""
    found = np.zeros(len(boxes) - 1, dtype=bool)
    if len(boxes) > 2:
        letter, upper, lower = boxes[:-2], boxes[1:-1], boxes[2:]
        small = np.maximum(heights[1:-1], heights[2:]) < 0.85 * heights[:-2]
        for script in (upper, lower):
            inside = np.minimum(letter[:, 3], script[:, 3]) - np.maximum(letter[:, 1], script[:, 1])
            small &= inside > 0.25 * (script[:, 3] - script[:, 1])
            small &= np.abs(script[:, 0] - letter[:, 2]) < 0.3 * heights[:-2]
        found[1:] = small & (upper[:, 2] - lower[:, 0] < 0.5 * heights[:-2])
    return found


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


def _is_right_to_left(codes: NDArray[np.uint32]) -> Flags:
    return (
        ((codes >= 0x590) & (codes <= 0x8FF))
        | ((codes >= 0xFB1D) & (codes <= 0xFDFF))
        | ((codes >= 0xFE70) & (codes <= 0xFEFE))
    )
