"""Text in pictures: RapidOCR (PP-OCR models for Chinese and English, carried in its wheel) on the processor."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.parsers.page_lines import Line

_MOST_SIDE = 2_000
_DETECTION_SIDE = 960
_LEAST_SCORE = 0.5


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


def recognise(picture: NDArray[np.uint8], width: float, height: float) -> list[Line]:
    """Return the lines that a picture (height, width, RGB) shows, from top to bottom.

    Their coordinates are those of a page `width` by `height` that the picture fills.
    """
    found = _engine()(np.ascontiguousarray(picture[:, :, ::-1]))
    if found.txts is None or found.boxes is None:
        return []
    across, down = width / picture.shape[1], height / picture.shape[0]
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
