"""Pictures of text (PNG, JPEG, TIFF, WebP …) read by OCR, each frame a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from ingest.parsers.builder import DocumentBuilder
from ingest.parsers.page_layout import lay_out
from ingest.parsers.page_lines import PageContent
from ingest.parsers.page_text import add_pages
from ingest.parsers.source import Source
from kb_platform.domain.document import FileFormat, PageCoverage, PageStatus, ParsedDocument
from kb_platform.domain.errors import CorruptFile, LimitExceeded, NothingReadable

_MOST_PIXELS = 100_000_000
_MOST_SIDE = 2_400
_LEAST_SIDE = 640
_MOST_FRAMES = 500


def parse(source: Source) -> ParsedDocument:
    """Return the text that the picture shows. Raises CorruptFile, LimitExceeded, NothingReadable."""
    if not source.ocr:
        raise NothingReadable(source.file_name, "it is a picture and OCR is switched off.")
    from ingest.ocr import recognise

    builder = DocumentBuilder(FileFormat.IMAGE, source.file_name, source.max_characters)
    Image.MAX_IMAGE_PIXELS = None  # measured below, before anything is decoded
    pages = []
    try:
        with open_picture(source.path) as image:
            frames = min(_MOST_FRAMES, getattr(image, "n_frames", 1))
            if image.format == "GIF":
                frames = 1
            for number, frame in zip(range(1, frames + 1), ImageSequence.Iterator(image), strict=False):
                check_size(frame, source.file_name)
                picture = prepared(frame)
                height, width = picture.shape[:2]
                read = recognise(picture, width, height)
                status = PageStatus.OCR if read.lines else PageStatus.EMPTY
                page = PageContent(number, width, height, list(lay_out(read.lines)), status)
                page.turn_by(read.turn)
                pages.append(page)
                source.progress(number, frames)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise CorruptFile(
            source.file_name, "the picture is damaged. Open it in a picture viewer and save it again."
        ) from error
    add_pages(builder, pages)
    coverage = [PageCoverage(page.number, page.status, sum(len(line.text) for line in page.lines)) for page in pages]
    return builder.finish(pages=coverage, nothing_readable="no text was found in the picture.")


def open_picture(path: Path) -> Image.Image:
    """Open a picture without decoding it, HEIC photos too. Raises what Pillow raises."""
    with path.open("rb") as file:
        is_heif = file.read(8)[4:] == b"ftyp"
    if is_heif:
        import pi_heif  # type: ignore[import-untyped]

        pi_heif.register_heif_opener(thumbnails=False)
    return Image.open(path)


def prepared(frame: Image.Image) -> NDArray[np.uint8]:
    """Return a frame turned as its EXIF data say, on white, in a size that OCR reads well (height, width, RGB)."""
    frame = ImageOps.exif_transpose(frame)
    longest = max(frame.size)
    scale = min(1.0, _MOST_SIDE / longest)
    if longest < _LEAST_SIDE:
        scale = min(4.0, _LEAST_SIDE / longest)
    if frame.mode in ("RGBA", "LA", "PA") or "transparency" in frame.info:
        frame = frame.convert("RGBA")
        ground = Image.new("RGBA", frame.size, "white")
        frame = Image.alpha_composite(ground, frame)
    if frame.mode.startswith("I;16") or frame.mode == "I":
        values = np.asarray(frame, dtype=np.float64)
        frame = Image.fromarray((values / max(1.0, values.max()) * 255).astype(np.uint8))
    if scale < 1 and frame.mode in ("RGB", "L", "RGBA"):
        frame = frame.reduce(max(1, int(1 / scale / 2)))
    frame = frame.convert("RGB")
    wanted = scale * longest / max(frame.size)
    if abs(wanted - 1) > 0.01:
        size = max(1, round(frame.width * wanted)), max(1, round(frame.height * wanted))
        frame = frame.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(frame)


def check_size(image: Image.Image, file_name: str) -> None:
    """Raise LimitExceeded when a picture has more pixels than can be read."""
    pixels = image.width * image.height
    if pixels > _MOST_PIXELS:
        raise LimitExceeded(
            file_name,
            f"the picture has {pixels / 1e6:,.0f} million pixels; {_MOST_PIXELS / 1e6:,.0f} million can be read. "
            "Save it in a smaller size.",
        )
