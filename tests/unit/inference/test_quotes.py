from __future__ import annotations

import pytest

from inference.quotes import quotes_of
from kb_platform.domain.answer import Source
from kb_platform.domain.chunk import Hit


def source(text: str, context: str = "") -> Source:
    return Source(1, Hit("1", "k", "d", "v", "n", "t", 0, 0, len(text), text, (), context))


def quotes(text: str, context: str = "") -> list[str]:
    return [quote.text for quote in quotes_of(source(text, context))]


def test_sentences_of_both_languages_are_quotable() -> None:
    text = "学生须修满一年。成绩不低于3.0，且“无处分”。Dr. Smith paid $1.5 million. It closed."
    assert quotes(text) == [
        "学生须修满一年。",
        "成绩不低于3.0，且“无处分”。",
        "Dr. Smith paid $1.5 million.",
        "It closed.",
    ]


def test_a_quote_is_exactly_its_place_in_the_passage() -> None:
    text = "  第一条 总则。\n\n第二条  申请条件：\n（一）满一年；\n"
    hit = Hit("1", "k", "d", "v", "n", "t", 0, 0, len(text), text)
    for quote in quotes_of(Source(1, hit)):
        assert " ".join(text[quote.start : quote.end].split()) == quote.text


def test_a_table_row_reads_with_its_headers_and_is_never_cut() -> None:
    text = "| Hall | Fee |\n| --- | --- |\n| North. Hall | 1,200 yuan |\n| Lake | 1,500 yuan |"
    assert quotes(text) == ["Hall: North. Hall; Fee: 1,200 yuan", "Hall: Lake; Fee: 1,500 yuan"]


def test_the_rows_of_a_continued_table_get_their_headers_from_the_context() -> None:
    assert quotes("| 1月5日 | 晴 |", "气象\n| 日期 | 天气 |\n| --- | --- |") == ["日期: 1月5日; 天气: 晴"]


def test_a_wall_of_text_is_quoted_by_its_clauses() -> None:
    text = "申请人应当提交下列全部材料并对其真实性负责，" * 60
    pieces = quotes(text)
    assert len(pieces) > 3
    assert "".join(pieces) == text
    assert max(map(len, pieces)) < 320


@pytest.mark.parametrize(
    "text",
    ["Code 610: Earth Sciences Division\nCode 660: Astrophysics Science Division", "SUBTOTAL $863.91"],
)
def test_short_lines_of_a_slide_or_a_receipt_are_no_headings(text: str) -> None:
    assert [quote.text for quote in quotes_of(source(text)) if not quote.is_heading] == text.split("\n")


def test_a_drawn_line_is_nothing_to_quote() -> None:
    assert [quote.text for quote in quotes_of(source("-----------\nTOTAL $821.14"))] == ["TOTAL $821.14"]
