from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.documents import WordTokenizer
from ingest.parsers.builder import DocumentBuilder
from ingest.parsers.tables import table_text
from ingest.splitting import Limits, split
from kb_platform.domain.chunk import Chunk
from kb_platform.domain.document import BlockKind, FileFormat, ParsedDocument

TOKENIZER = WordTokenizer()
LIMITS = Limits.of(40, 128)
BlockSpec = tuple[BlockKind, str, int, int]


def document(*blocks: BlockSpec, title: str = "Rules") -> ParsedDocument:
    builder = DocumentBuilder(FileFormat.TEXT, "rules.txt", 10_000_000)
    for kind, text, level, header_rows in blocks:
        builder.add_paragraph(kind, text, level, header_rows)
    return builder.finish(title=title)


def paragraph(text: str) -> BlockSpec:
    return BlockKind.PARAGRAPH, text, 0, 0


def heading(text: str, level: int = 1) -> BlockSpec:
    return BlockKind.HEADING, text, level, 0


def table(rows: int, words: int = 3) -> BlockSpec:
    text, lines = table_text([["Subject", "Credits"], *([f"s{row} " * words, str(row)] for row in range(rows))], 1)
    return BlockKind.TABLE, text, 0, lines


def words(count: int, word: str = "word") -> str:
    return " ".join(f"{word}{number}" for number in range(count))


def chunks(*blocks: BlockSpec, limits: Limits = LIMITS) -> list[Chunk]:
    return split(document(*blocks), TOKENIZER, limits)


def test_a_passage_is_exactly_its_slice_of_the_text() -> None:
    parsed = document(heading("One"), paragraph(words(100)), table(30), paragraph("end"))
    for chunk in split(parsed, TOKENIZER, LIMITS):
        assert chunk.text == parsed.text[chunk.start : chunk.end]


def test_a_table_row_is_never_cut() -> None:
    parsed = document(table(60))
    rows = set(parsed.text.split("\n"))
    found = split(parsed, TOKENIZER, LIMITS)
    assert len(found) > 3
    for chunk in found:
        assert set(chunk.text.split("\n")) <= rows


def test_each_piece_of_a_table_carries_the_header() -> None:
    first, *others = chunks(table(60))
    assert first.text.startswith("| Subject | Credits |")
    for chunk in others:
        assert chunk.context.splitlines()[-1] == "| Subject | Credits |"
        assert "---" not in chunk.context


def test_long_paragraphs_are_cut_at_sentence_ends_of_both_languages() -> None:
    chinese = "".join(f"第{number}条规定学生应当按时缴纳学费。" for number in range(30))
    english = " ".join(f"Article {number} says that fees are due." for number in range(30))
    for text, end in ((chinese, "。"), (english, ".")):
        found = chunks(paragraph(text))
        assert len(found) > 3
        assert all(chunk.text.endswith(end) for chunk in found)


def test_abbreviations_end_no_sentence() -> None:
    text = " ".join(f"The dean, e.g. Dr. Smith or J. Doe, signs form No. {number} in person." for number in range(20))
    assert all(chunk.text.endswith("person.") for chunk in chunks(paragraph(text)))


def test_words_are_never_cut_where_there_are_blanks() -> None:
    text = words(300)
    found = chunks(paragraph(text))
    assert " ".join(chunk.text for chunk in found) == text


def test_a_passage_knows_the_titles_above_it() -> None:
    found = chunks(heading("Study"), heading("Fees", 2), paragraph(words(90)), heading("Exams"), paragraph(words(60)))
    assert found[1].heading_path == ("Study", "Fees")
    assert found[1].context == "Rules > Study > Fees"
    assert found[-1].heading_path == ("Exams",)
    assert found[-1].context == "Rules > Exams"


def test_a_passage_does_not_repeat_titles_that_it_begins_with() -> None:
    (only,) = chunks(heading("Fees"), paragraph("Fees are due in May."))
    assert only.text.startswith("Fees\n\n")
    assert only.context == "Rules"
    assert only.heading_path == ("Fees",)


def test_a_title_stays_with_what_follows_it() -> None:
    found = chunks(heading("A"), paragraph(words(35)), heading("B"), paragraph(words(39)))
    assert not any(chunk.text.split("\n\n")[-1] in ("A", "B") for chunk in found)


def test_short_neighbours_under_one_title_share_a_passage() -> None:
    assert len(chunks(heading("A"), *(paragraph(f"Short note {number}.") for number in range(6)))) == 1


def test_sections_are_not_mixed_when_they_can_stand_alone() -> None:
    limits = Limits.of(200, 512)
    found = chunks(heading("A"), paragraph(words(80, "a")), heading("B"), paragraph(words(80, "b")), limits=limits)
    assert [chunk.heading_path for chunk in found] == [("A",), ("B",)]


def test_no_passage_exceeds_what_the_model_reads() -> None:
    limits = Limits.of(400, 128)
    parsed = document(
        heading(words(150)), paragraph("无标点" * 400), table(20, words=90), paragraph(words(500)), heading("x" * 900)
    )
    for chunk in split(parsed, TOKENIZER, limits):
        assert TOKENIZER.count_tokens(chunk.embedding_text) <= 128
        assert chunk.token_count <= 128


block = st.one_of(
    st.builds(heading, st.text("ab 一。", min_size=1, max_size=40), st.integers(1, 4)),
    st.builds(paragraph, st.text("ab ,.。，\n一二", min_size=1, max_size=400)),
    st.builds(table, st.integers(1, 40), st.integers(1, 30)),
    st.builds(lambda text: (BlockKind.CODE, text, 0, 0), st.text("x \n", min_size=1, max_size=200)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(block, min_size=1, max_size=12))
def test_passages_hold_every_word_once_and_in_order(blocks: list[BlockSpec]) -> None:
    try:
        parsed = document(*blocks)
    except Exception:  # noqa: BLE001 - blocks of nothing but blanks
        return
    found = split(parsed, TOKENIZER, LIMITS)
    position = 0
    left_out = ""
    for number, chunk in enumerate(found):
        assert chunk.ordinal == number
        assert position <= chunk.start < chunk.end
        assert chunk.text == parsed.text[chunk.start : chunk.end] == chunk.text.strip()
        left_out += parsed.text[position : chunk.start]
        position = chunk.end
    assert not (left_out + parsed.text[position:]).strip()


@pytest.mark.parametrize("size", [200_000])
def test_time_grows_with_the_text_not_with_its_square(size: int) -> None:
    def seconds(count: int) -> float:
        parsed = document(*(paragraph(words(100)) for _ in range(count // 700)), paragraph(words(count // 14)))
        started = time.perf_counter()
        split(parsed, TOKENIZER, LIMITS)
        return time.perf_counter() - started

    seconds(size // 10)
    assert seconds(4 * size) < 12 * seconds(size)
