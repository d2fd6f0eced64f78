"""A scan on its side or upside down is read as if it stood upright, and its words are marked where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ingest.parsers.image import parse
from ingest.parsers.page_lines import Line, PageContent, anchor_of
from ingest.parsers.source import Source
from kb_platform.domain.document import PageAnchor

LINES = ("Opening hours of the library", "Monday to Friday from eight to ten", "Closed on public holidays")


def scan(turn: int) -> np.ndarray:
    """Return a picture of the lines, turned counterclockwise by quarter turns."""
    image = Image.new("RGB", (900, 500), "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(LINES):
        draw.text((60, 60 + 80 * number), line, fill="black", font=ImageFont.load_default(36))
    return np.rot90(np.asarray(image), turn)


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_turned_scan_is_read_in_order_and_marked_on_its_ink(tmp_path: Path, turn: int) -> None:
    picture = scan(turn)
    path = tmp_path / "notice.png"
    Image.fromarray(picture).save(path)
    document = parse(Source(path=path, file_name=path.name, max_characters=10_000))
    said = " ".join(document.text.split())
    assert [said.find(line) >= 0 for line in LINES] == [True] * 3
    assert said.find(LINES[0]) < said.find(LINES[1]) < said.find(LINES[2])
    is_ink = picture.mean(axis=2) < 128
    height, width = is_ink.shape
    marked = np.zeros_like(is_ink)
    for segment in (segment for block in document.blocks for segment in block.segments):
        anchor = segment.anchor
        assert isinstance(anchor, PageAnchor)
        rows = slice(int(anchor.y0 * height), int(anchor.y1 * height) + 1)
        columns = slice(int(anchor.x0 * width), int(anchor.x1 * width) + 1)
        assert is_ink[rows, columns].any()
        marked[rows, columns] = True
    assert is_ink[marked].sum() > 0.95 * is_ink.sum()
    assert marked.mean() < 0.4


def test_the_place_of_a_line_is_that_of_the_page_as_it_is_displayed() -> None:
    page = PageContent(1, 200, 100)
    page.turn_by(1)
    assert (page.width, page.height) == (100, 200)
    first_line = Line("word", x0=10, y0=0, x1=50, y1=20, edges=(10, 20, 30, 40, 50))
    anchor = anchor_of(first_line, page)
    # What is at the top of the page after a turn to the left was at its right before.
    assert (anchor.x0, anchor.y0, anchor.x1, anchor.y1) == (0.9, 0.1, 1.0, 0.5)
    assert anchor.edges == ()
