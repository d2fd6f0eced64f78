"""One page of a PDF or a picture as PNG, for the viewer; runs in the child process."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from kb_platform.domain.errors import CorruptFile, LimitExceeded, NothingReadable

_MOST_SIDE = 4_000


def page_image(path: Path, file_name: str, page: int, width: int, password: str) -> bytes:
    """Return page `page` (from 1) as a PNG `width` pixels wide.

    Raises NothingReadable when there is no such page, LimitExceeded when its images are too large, CorruptFile,
    PasswordRequired.
    """
    if path.open("rb").read(1024).find(b"%PDF-") >= 0:
        image = _pdf_page(path, file_name, page, width, password)
    else:
        image = _frame(path, file_name, page, width)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _pdf_page(path: Path, file_name: str, page: int, width: int, password: str) -> Image.Image:
    from ingest.parsers.pdf import open_pdf
    from ingest.parsers.pdf_pictures import MOST_IMAGE_PIXELS, image_pixels, rendered

    with open_pdf(path.as_posix(), file_name, password) as document:
        if not 1 <= page <= len(document):
            raise NothingReadable(file_name, f"it has no page {page}.")
        shown = document[page - 1]
        if image_pixels(shown) > MOST_IMAGE_PIXELS:
            raise LimitExceeded(file_name, f"the images of page {page} are too large to be shown.")
        points_across, points_down = shown.get_size()
        scale = min(width / points_across, _MOST_SIDE / max(points_across, points_down))
        return Image.fromarray(rendered(shown, scale))


def _frame(path: Path, file_name: str, page: int, width: int) -> Image.Image:
    from ingest.parsers.image import check_size, open_picture, prepared

    try:
        with open_picture(path) as image:
            if not 1 <= page <= getattr(image, "n_frames", 1):
                raise NothingReadable(file_name, f"it has no page {page}.")
            image.seek(page - 1)
            check_size(image, file_name)
            shown = Image.fromarray(prepared(image))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise CorruptFile(file_name, "the picture is damaged.") from error
    height = max(1, round(shown.height * width / shown.width))
    return shown.resize((width, min(height, _MOST_SIDE)), Image.Resampling.LANCZOS)
