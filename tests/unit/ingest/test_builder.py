from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parsers.builder import DocumentBuilder, Run, cleaned, stem
from kb_platform.domain.document import BLOCK_SEPARATOR, BlockKind, CellAnchor, FileFormat, PageAnchor
from kb_platform.domain.errors import LimitExceeded, NothingReadable


def builder(limit: int = 1_000_000) -> DocumentBuilder:
    return DocumentBuilder(FileFormat.TEXT, "note.txt", limit)


@given(st.lists(st.lists(st.tuples(st.text(max_size=20), st.booleans()), max_size=6), max_size=8))
def test_every_segment_is_the_text_that_its_run_showed(blocks: list[list[tuple[str, bool]]]) -> None:
    made = builder()
    for runs in blocks:
        made.add(
            BlockKind.PARAGRAPH,
            [Run(text, CellAnchor("s", str(at)) if anchored else None) for at, (text, anchored) in enumerate(runs)],
        )
    if not len(made):
        with pytest.raises(NothingReadable):
            made.finish()
        return
    document = made.finish()
    assert document.text == BLOCK_SEPARATOR.join(document.block_text(block) for block in document.blocks)
    written = [runs for runs in blocks if cleaned("".join(text for text, _ in runs)).strip()]
    for block, runs in zip(document.blocks, written, strict=True):
        position = block.start
        for segment in block.segments:
            assert position <= segment.start < segment.end <= block.end
            position = segment.end
            assert isinstance(segment.anchor, CellAnchor)
            shown = cleaned(runs[int(segment.anchor.cell)][0])
            assert document.text[segment.start : segment.end] in shown


@given(st.text())
def test_no_control_character_or_lone_surrogate_reaches_the_text(text: str) -> None:
    made = builder()
    made.add_paragraph(BlockKind.PARAGRAPH, f"x{text}\x00\ud800\u202e\ufeffx")
    shown = made.finish().text
    shown.encode("utf-8")
    assert not any(character in shown for character in "\x00\x07\x1b\x7f\u202e\u2066\ufeff\ufffe\r\u2028")


def test_edges_keep_to_their_characters_when_some_are_dropped() -> None:
    made = builder()
    anchor = PageAnchor(1, 0.1, 0.1, 0.5, 0.2, edges=(0.1, 0.2, 0.3, 0.4, 0.5))
    made.add(BlockKind.PARAGRAPH, [Run("a\x00bc", anchor)])
    document = made.finish()
    assert document.text == "abc"
    (segment,) = document.blocks[0].segments
    assert isinstance(segment.anchor, PageAnchor)
    assert segment.anchor.edges == (0.1, 0.3, 0.4, 0.5)


def test_blanks_around_a_block_are_cut_with_their_edges() -> None:
    made = builder()
    made.add(
        BlockKind.PARAGRAPH, [Run("  ab ", PageAnchor(1, 0.0, 0.0, 0.5, 0.1, edges=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5)))]
    )
    anchor = made.finish().blocks[0].segments[0].anchor
    assert isinstance(anchor, PageAnchor)
    assert (anchor.x0, anchor.x1, anchor.edges) == (0.2, 0.4, (0.2, 0.3, 0.4))


def test_a_text_longer_than_allowed_is_refused_at_once() -> None:
    made = builder(limit=10)
    made.add_paragraph(BlockKind.PARAGRAPH, "12345")
    with pytest.raises(LimitExceeded, match=r"note\.txt.*10 characters"):
        made.add_paragraph(BlockKind.PARAGRAPH, "123456")


def test_a_title_that_a_template_left_behind_is_not_believed() -> None:
    made = builder()
    made.add_paragraph(BlockKind.HEADING, "学籍管理办法", 1)
    assert made.finish(title="（填写标准名称）", title_in_text=True).title == "学籍管理办法"


def test_without_title_and_headings_the_file_names_the_document() -> None:
    made = builder()
    made.add_paragraph(BlockKind.PARAGRAPH, "text")
    assert made.finish().title == "note"
    assert stem("C:\\docs\\奖学金.v2.docx") == "奖学金.v2"
