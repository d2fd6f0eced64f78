"""Text in pictures: RapidOCR (PP-OCR models for Chinese and English, carried in its wheel) on the processor."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.parsers.page_lines import Line

_MOST_SIDE = 2_000
_DETECTION_SIDE = 960
_LEAST_SCORE = 0.5
_LINES_ASKED = 9
"""Lines that say which way up a picture is."""
_FEWEST_CHARACTERS = 4
_UPENDED = 1.5
"""A line is upended when it is so many times as high as wide."""
_UPSIDE_DOWN = 0.8
_AS_CERTAIN = 0.9
"""A turned picture is kept when so much of what was read before is read again."""


@functools.cache
def _engine() -> Any:
    from rapidocr import RapidOCR  # a second to import: only where a page is a picture

    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.max_side_len": _MOST_SIDE,
            "Global.text_score": _LEAST_SCORE,
            "Global.return_word_box": True,
            "Global.return_single_char_box": True,
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECTION_SIDE,
            "Rec.rec_batch_num": 1,  # measured: as fast as 6 on a processor, half the memory
            "EngineConfig.onnxruntime.intra_op_num_threads": 2,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


@dataclass(frozen=True, slots=True)
class Recognised:
    """The lines of a picture, from top to bottom, and by how many quarter turns (counterclockwise) it was turned to be
    read. Coordinates are those of the turned page."""

    lines: list[Line]
    turn: int = 0


def recognise(picture: NDArray[np.uint8], width: float, height: float) -> Recognised:
    """Return the lines that a picture (height, width, RGB) shows; one that lies on its side or upside down is turned.

    Their coordinates are those of a page `width` by `height` that the picture fills, turned as it says.
    """
    found = _read(picture)
    turn = _turn_to_upright(picture, found)
    if turn:
        turned = _read(np.rot90(picture, turn))
        if _certainty(turned) >= _AS_CERTAIN * _certainty(found):
            picture, found = np.rot90(picture, turn), turned
            width, height = (height, width) if turn % 2 else (width, height)
        else:
            turn = 0
    return Recognised(_lines(found, width / picture.shape[1], height / picture.shape[0]), turn)


def _read(picture: NDArray[np.uint8]) -> Any:
    # The engine keeps what the last call switched off.
    return _engine()(np.ascontiguousarray(picture[:, :, ::-1]), use_det=True, use_cls=True, use_rec=True)


def _certainty(found: Any) -> float:
    """Return the characters read, each counting as much as its line is certain."""
    return sum(len(text) * float(score) for text, score in zip(found.txts or (), found.scores or (), strict=True))


def _turn_to_upright(picture: NDArray[np.uint8], found: Any) -> int:
    """Return the quarter turns counterclockwise after which most of the longest lines run from left to right."""
    if found.txts is None or found.boxes is None:
        return 0
    corners = np.asarray(found.boxes, dtype=float)
    low, high = np.floor(corners.min(axis=1)).astype(int).clip(0), np.ceil(corners.max(axis=1)).astype(int)
    longest = sorted(range(len(found.txts)), key=lambda line: -len(found.txts[line]))[:_LINES_ASKED]
    longest = [line for line in longest if len(found.txts[line]) >= _FEWEST_CHARACTERS]
    if not longest:
        return 0
    sizes = high - low
    upended = [line for line in longest if sizes[line, 1] > _UPENDED * sizes[line, 0]]
    lying = [line for line in longest if sizes[line, 0] > _UPENDED * sizes[line, 1]]
    is_upended = len(upended) > len(lying)
    down = 0
    for line in upended if is_upended else lying:
        crop = picture[low[line, 1] : high[line, 1], low[line, 0] : high[line, 0]]
        crop = np.ascontiguousarray(np.rot90(crop, is_upended)[:, :, ::-1])
        label, score = _engine()(crop, use_det=False, use_cls=True, use_rec=False).cls_res[0]
        down += label == "180" and score >= _UPSIDE_DOWN
    most = 2 * down > len(upended if is_upended else lying)
    return (3 if most else 1) if is_upended else (2 if most else 0)


def _lines(found: Any, across: float, down: float) -> list[Line]:
    if found.txts is None or found.boxes is None:
        return []
    words = found.word_results or ()
    lines = []
    for order, (text, box) in enumerate(zip(found.txts, found.boxes, strict=True)):
        corners = np.asarray(box, dtype=float)
        x0, y0 = corners.min(axis=0)
        x1, y1 = corners.max(axis=0)
        line = Line(
            text=" ".join(text.split()),
            x0=x0 * across,
            y0=y0 * down,
            x1=x1 * across,
            y1=y1 * down,
            size=min(y1 - y0, x1 - x0) * down * 0.8,
            order=order,
        )
        if line.text:
            line.edges = _edges(line, words[order] if order < len(words) else (), across)
            lines.append(line)
    return lines


def _edges(line: Line, characters: Any, across: float) -> tuple[float, ...]:
    """Return an x a character from the boxes that recognition gave to single characters; none where they do not fit
    the text or it does not run left to right."""
    if line.height > line.x1 - line.x0 and len(line.text) > 1:
        return ()
    boxes = iter(characters)
    lefts: list[float] = []
    right = line.x0
    for character in line.text:
        if character == " ":
            lefts.append(right)
            continue
        word = next(boxes, None)
        if word is None or word[0] != character:
            return _even_edges(line)
        corners = np.asarray(word[2], dtype=float)
        lefts.append(float(corners[:, 0].min()) * across)
        right = float(corners[:, 0].max()) * across
    if next(boxes, None) is not None:
        return _even_edges(line)
    edges = np.maximum.accumulate(np.clip([*lefts, max(right, line.x0)], line.x0, line.x1))
    return tuple(edges.tolist())


def _even_edges(line: Line) -> tuple[float, ...]:
    """Share the line's width among its characters, a wide one counting twice."""
    weights = [2.0 if ord(character) > 0x2E7F else 1.0 for character in line.text]
    steps = np.cumsum([0.0, *weights]) / sum(weights)
    return tuple((line.x0 + (line.x1 - line.x0) * steps).tolist())
