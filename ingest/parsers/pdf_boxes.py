"""The boxes of many characters, or drawn lines, from pdfium at once.

pdfium answers for one of them a call. The calls go through prototypes that take plain addresses and keep the
interpreter's lock: measured on 270,000 characters, a third of what the library's own wrappers take.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable
from itertools import repeat

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
from numpy.typing import NDArray

_address = ctypes.c_void_p


def _function(known: object, *takes: type, gives: type = ctypes.c_int) -> Callable[..., int]:
    prototype = ctypes.PYFUNCTYPE(gives, *takes)
    return prototype(ctypes.cast(known, _address).value or 0)  # type: ignore[arg-type]


_loose_box = _function(pdfium_c.FPDFText_GetLooseCharBox, _address, ctypes.c_int, _address)
_ink_box = _function(pdfium_c.FPDFText_GetCharBox, _address, ctypes.c_int, *[_address] * 4)
_weight = _function(pdfium_c.FPDFText_GetFontWeight, _address, ctypes.c_int)
_object = _function(pdfium_c.FPDFPage_GetObject, _address, ctypes.c_int, gives=_address)
_kind_of = _function(pdfium_c.FPDFPageObj_GetType, _address)
_bounds = _function(pdfium_c.FPDFPageObj_GetBounds, *[_address] * 5)
_draw_mode = _function(pdfium_c.FPDFPath_GetDrawMode, *[_address] * 3)


def loose_boxes(text_page: pdfium.PdfTextPage, indices: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the boxes of these characters (advance width, font height) as left, bottom, right, top in points of the
    page, y upwards; zeros where pdfium has none."""
    boxes = np.zeros((indices.size, 4), dtype=np.float32)
    handle, start = _handle(text_page), boxes.ctypes.data
    deque(map(_loose_box, repeat(handle), indices.tolist(), range(start, start + boxes.nbytes, 16)), maxlen=0)
    # FS_RECTF is left, top, right, bottom
    return boxes[:, [0, 3, 2, 1]]


def ink_boxes(
    text_page: pdfium.PdfTextPage, indices: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the boxes of what is drawn of these characters (as `loose_boxes` does), and which of them have one."""
    boxes = np.zeros((indices.size, 4), dtype=np.float64)
    handle, start, end = _handle(text_page), boxes.ctypes.data, boxes.ctypes.data + boxes.nbytes
    # pdfium gives left, right, bottom, top
    places = (range(start + 8 * side, end + 8 * side, 32) for side in (0, 2, 1, 3))
    known = list(map(_ink_box, repeat(handle), indices.tolist(), *places))
    return boxes, np.array(known, dtype=bool)


def font_weights(text_page: pdfium.PdfTextPage, indices: NDArray[np.intp]) -> list[int]:
    """Return how bold these characters' fonts are (400 regular, 700 bold; -1 where the font does not say)."""
    return list(map(_weight, repeat(_handle(text_page)), indices.tolist()))


def path_boxes(page: pdfium.PdfPage) -> tuple[list[int], NDArray[np.float32]]:
    """Return the page's own paths (their addresses, valid while the page is open) and their boxes: left, bottom, right,
    top in points of the page, y upwards."""
    handle = ctypes.cast(page.raw, _address).value or 0
    items = list(map(_object, repeat(handle), range(pdfium_c.FPDFPage_CountObjects(page.raw))))
    paths = [item for item, kind in zip(items, map(_kind_of, items), strict=True) if kind == pdfium_c.FPDF_PAGEOBJ_PATH]
    boxes = np.zeros((len(paths), 4), dtype=np.float32)
    start, end = boxes.ctypes.data, boxes.ctypes.data + boxes.nbytes
    known = list(map(_bounds, paths, *(range(start + 4 * side, end + 4 * side, 16) for side in range(4))))
    kept = [at for at, has_box in enumerate(known) if has_box]
    return [paths[at] for at in kept], boxes[kept]


def is_stroked(path: int) -> bool:
    """Tell whether a path is drawn as a line around, whatever fills it."""
    modes = (ctypes.c_int * 2)()
    start = ctypes.addressof(modes)
    return bool(_draw_mode(path, start, start + 4) and modes[1])


def _handle(text_page: pdfium.PdfTextPage) -> int:
    return ctypes.cast(text_page.raw, _address).value or 0
