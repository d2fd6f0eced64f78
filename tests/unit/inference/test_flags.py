"""What an answer names that stands in no source is flagged, and nothing else."""

from __future__ import annotations

import pytest

from inference.flags import unknown_document_numbers
from kb_platform.domain.answer import Flag, FlagKind, Source
from kb_platform.domain.chunk import Hit
from tests.composed_answers import compose_in_pieces

KNOWN = (
    "根据国办发〔2020〕5号和GB/T 7714—2015，参见 https://ok.example.edu。Order No. 12 and Directive 2004/38/EC apply; "
    "form BJ-2023-0045; doi 10.1000/xyz123."
)
SOURCE = Source(1, Hit("1", "k", "d", "v", "Rules", "Rules", 0, 0, len(KNOWN), KNOWN))


@pytest.mark.parametrize(
    "number",
    [
        "教发〔2023〕12号",
        "国办发〔2020〕15号",
        "校字(2021)第7号",
        "第31号令",
        "GB/T 7714-2005",
        "GB 18030-2022",
        "ISO 9001:2015",
        "RFC 2119",
        "10.1038/nature12373",
        "ISBN 978-7-111-12345-6",
        "Order No. 13",
        "Directive 2004/39/EC",
        "Regulation (EU) 2016/679",
        "BJ-2023-0046",
    ],
)
def test_a_document_number_of_no_source_is_found_in_a_sentence(number: str) -> None:
    for text in (f"依据{number}执行。", f"It follows {number}, as said."):
        [(start, end)] = unknown_document_numbers(text, KNOWN)
        assert text[start:end] == number


@pytest.mark.parametrize(
    "text",
    [
        "依据国办发[2020]5号执行。",
        "按照国办发（2020）5 号的规定办理。",
        "引文格式见 GB/T 7714-2015。",
        "Order No. 12 and directive 2004/38/EC; Directive 2004/38/EC.",
        "Form BJ-2023-0045, 10.1000/xyz123.",
        "COVID-19 struck in 2019-2020; room A-101; 3号楼; chapter 4.2; 12 of 15.",
    ],
)
def test_numbers_of_the_sources_and_other_numbers_are_no_document_numbers_of_none(text: str) -> None:
    assert unknown_document_numbers(text, KNOWN) == []


def composed(text: str, seed: int, question: str = "") -> tuple[str, list[Flag]]:
    """Return the answer and the flags of what stands in no source, the model's text given in pieces."""
    answer, flags = compose_in_pieces(text, seed, SOURCE, question)
    return answer, [flag for flag in flags if flag.kind is not FlagKind.UNCITED]


@pytest.mark.parametrize("seed", range(5))
def test_flags_name_kind_and_place_however_the_text_is_cut(seed: int) -> None:
    answer, flags = composed(
        "Write to dean@evil.example [1]. See https://evil.example/x or call 010-88887777. By RFC 2119 it is so [1]. "
        "By Order No. 12 as well [1].",
        seed,
    )
    withheld = "[not in the sources]"
    assert [(flag.kind, answer[flag.start : flag.end], flag.is_withheld) for flag in flags] == [
        (FlagKind.EMAIL, withheld, True),
        (FlagKind.LINK, withheld, True),
        (FlagKind.PHONE, withheld, True),
        (FlagKind.DOCUMENT_NUMBER, "RFC 2119", False),
    ]
    assert "evil" not in answer


def test_a_number_that_the_question_names_is_not_flagged() -> None:
    assert composed("RFC 2119 is not mentioned [1].", 0, "What does RFC 2119 say?")[1] == []
