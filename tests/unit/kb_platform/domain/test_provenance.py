from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kb_platform.domain.document import (
    BLOCK_SEPARATOR,
    Block,
    BlockKind,
    FileFormat,
    PageAnchor,
    ParagraphAnchor,
    ParsedDocument,
    Segment,
)
from kb_platform.domain.provenance import locate


def line(start: int, text: str, page: int = 1, edges: bool = True) -> Segment:
    """A line whose characters are a hundredth of the page wide, from .1 on."""
    places = tuple(round(0.1 + 0.01 * at, 4) for at in range(len(text) + 1)) if edges else ()
    return Segment(start, start + len(text), PageAnchor(page, 0.1, 0.2, 0.1 + 0.01 * len(text), 0.22, places))


def document(*blocks: list[str]) -> ParsedDocument:
    """Blocks of lines joined by a space."""
    text = BLOCK_SEPARATOR.join(" ".join(lines) for lines in blocks)
    made = []
    at = 0
    for lines in blocks:
        segments = []
        start = at
        for part in lines:
            segments.append(line(at, part))
            at += len(part) + 1
        made.append(Block(BlockKind.PARAGRAPH, start, at - 1, tuple(segments)))
        at += len(BLOCK_SEPARATOR) - 1
    return ParsedDocument(FileFormat.PDF, "t", text, tuple(made))


def test_a_whole_line_is_found_as_it_is() -> None:
    parsed = document(["first line", "second line"])
    assert locate(parsed, 0, 10) == (parsed.blocks[0].segments[0],)


def test_part_of_a_line_is_boxed_to_exactly_its_characters() -> None:
    parsed = document(["first line"])
    (segment,) = locate(parsed, 6, 10)
    assert (segment.start, segment.end) == (6, 10)
    assert isinstance(segment.anchor, PageAnchor)
    assert (segment.anchor.x0, segment.anchor.x1) == (0.16, 0.2)
    assert len(segment.anchor.edges) == 5


def test_without_edges_the_whole_box_stands_for_a_part() -> None:
    segment = line(0, "upwards", edges=False)
    parsed = ParsedDocument(FileFormat.PDF, "t", "upwards", (Block(BlockKind.PARAGRAPH, 0, 7, (segment,)),))
    (found,) = locate(parsed, 2, 4)
    assert found.anchor == segment.anchor
    assert (found.start, found.end) == (2, 4)


def test_characters_across_blocks_are_found_in_reading_order() -> None:
    parsed = document(["one", "two"], ["three"], ["four"])
    assert [parsed.text[s.start : s.end] for s in locate(parsed, 4, len(parsed.text) - 2)] == ["two", "three", "fo"]


def test_nothing_is_found_for_no_characters() -> None:
    assert locate(document(["one"]), 2, 2) == ()


def test_flowing_documents_are_found_by_paragraph() -> None:
    parsed = ParsedDocument(
        FileFormat.DOCX, "t", "words", (Block(BlockKind.PARAGRAPH, 0, 5, (Segment(0, 5, ParagraphAnchor(1)),)),)
    )
    assert locate(parsed, 1, 3) == (Segment(1, 3, ParagraphAnchor(1)),)


@given(
    st.lists(st.lists(st.text("abc", min_size=1, max_size=6), min_size=1, max_size=4), min_size=1, max_size=5),
    st.integers(0, 80),
    st.integers(0, 80),
)
def test_exactly_the_characters_asked_for_are_shown(blocks: list[list[str]], start: int, end: int) -> None:
    parsed = document(*blocks)
    shown = {at for segment in locate(parsed, start, end) for at in range(segment.start, segment.end)}
    visible = {at for block in parsed.blocks for s in block.segments for at in range(s.start, s.end)}
    assert shown == visible & set(range(start, end))
