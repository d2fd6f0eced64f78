"""A sentence that states something and cites nothing is flagged; what needs no source is left alone."""

from __future__ import annotations

import pytest

from inference.uncited import states_something
from kb_platform.domain.answer import FlagKind, Source
from kb_platform.domain.chunk import Hit
from tests.composed_answers import compose_in_pieces

TEXT = "The library is open from 8:00 to 22:00. A student may borrow twenty books for thirty days."
SOURCE = Source(1, Hit("1", "k", "d", "v", "Rules", "Rules", 0, 0, len(TEXT), TEXT))


def uncited(text: str, seed: int = 0) -> list[str]:
    """Return the flagged sentences of the answer, the model's text given in pieces."""
    answer, flags = compose_in_pieces(text, seed, SOURCE)
    return [answer[flag.start : flag.end] for flag in flags if flag.kind is FlagKind.UNCITED]


@pytest.mark.parametrize("seed", range(5))
def test_what_no_passage_says_and_no_marker_follows_is_flagged_however_the_text_is_cut(seed: int) -> None:
    answer = (
        "Students may borrow twenty books [1]. Every professor receives a free parking permit.\n\nIt opens at 8:00 [1]."
    )
    assert uncited(answer, seed) == ["Every professor receives a free parking permit."]
    assert uncited("学生可以借二十本书[1]。每位教授都有免费的停车证。", seed) == ["每位教授都有免费的停车证。"]


def test_the_last_sentence_and_items_of_a_list_are_flagged_too() -> None:
    answer = "Open from 8:00 to 22:00 [1].\n- Parking costs 40 dollars a month\n- Dogs must stay outside the building"
    flagged = uncited(answer)
    assert [text.removeprefix("- ") for text in flagged] == [
        "Parking costs 40 dollars a month",
        "Dogs must stay outside the building",
    ]


def test_a_marker_at_the_end_of_a_paragraph_stands_for_what_its_passage_carries_before_it() -> None:
    carried = "A student may borrow many of the books for thirty days."
    assert uncited(f"{carried} The library opens at 8:00 [1].") == []
    invented = "Every professor receives a free parking permit."
    assert uncited(f"{invented} The library opens at 8:00 [1].") == [invented]


@pytest.mark.parametrize(
    "text",
    [
        "The rules say the following:",
        "具体规定如下：",
        "# Opening hours of the library",
        "**Opening hours and borrowing rules**",
        "Would you like to know more about the opening hours?",
        "I hope this answers your question about the library.",
        "希望以上内容对您有帮助。",
        "具体规定见《图书馆规章》。",
        "For more details, see the rules of the library.",
        "| Kind of reader | Books allowed |",
        "Yes.",
    ],
)
def test_headings_questions_and_courtesies_need_no_source(text: str) -> None:
    assert not states_something(text)
    assert uncited(f"The library is open from 8:00 to 22:00 [1].\n\n{text}") == []
