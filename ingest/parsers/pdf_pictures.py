"""Pages as pictures, within limits: never more pixels than OCR needs, never an image that would fill the memory."""

from __future__ import annotations

import ctypes

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
from numpy.typing import NDArray

_DPI = 200
_MOST_SIDE = 2_400
_LEAST_SIDE = 800
MOST_IMAGE_PIXELS = 100_000_000
"""Images inside a page are decoded whole, whatever size the page is rendered at (measured: 81 million pixels of one
bit took 80 MiB, of 24 bits four times as much)."""
_BLANK_SIDE = 300


class TooManyPixels(Exception):
    """A page's images are too large to be decoded."""


def picture_of(page: pdfium.PdfPage) -> NDArray[np.uint8] | None:
    """Return the page rendered for OCR (height, width, RGB); None when it is blank. Raises TooManyPixels."""
    pixels = image_pixels(page)
    if pixels > MOST_IMAGE_PIXELS:
        raise TooManyPixels(f"an image of {pixels / 1e6:,.0f} million pixels is more than can be read")
    width, height = page.get_size()
    if width <= 0 or height <= 0 or page.get_objects is None:
        return None
    small = rendered(page, _BLANK_SIDE / max(width, height))
    if int(small.max()) - int(small.min()) < 24:
        return None
    scale = min(_DPI / 72, _MOST_SIDE / max(width, height))
    scale = max(scale, min(_LEAST_SIDE / max(width, height), 6.0))
    return rendered(page, scale)


def rendered(page: pdfium.PdfPage, scale: float) -> NDArray[np.uint8]:
    """Return the page as it is displayed, `scale` pixels a point (height, width, RGB)."""
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False, maybe_alpha=False)
    try:
        picture: NDArray[np.uint8] = np.array(bitmap.to_numpy())
    finally:
        bitmap.close()
    if picture.ndim == 2:
        picture = np.stack([picture] * 3, axis=2)
    return picture[:, :, :3]


def image_pixels(page: pdfium.PdfPage) -> int:
    """Return the size of the page's largest image, in pixels of the image itself."""
    largest = 0
    width, height = ctypes.c_uint(), ctypes.c_uint()
    for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        if pdfium_c.FPDFImageObj_GetImagePixelSize(item.raw, width, height):
            largest = max(largest, width.value * height.value)
    return largest
