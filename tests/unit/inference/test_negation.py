"""What counts as a denial, and when a sentence and its passage deny each other."""

from __future__ import annotations

import pytest

from inference.negation import is_contradicted, negations


@pytest.mark.parametrize(
    "text", ["不得申请", "逾期不予受理", "It is not allowed.", "Students can't apply.", "禁止饮食", "绩点不低于3.0"]
)
def test_a_negation_is_seen(text: str) -> None:
    assert negations(text) == 1


@pytest.mark.parametrize("text", ["不同的专业", "不断提高", "有不少学生", "Note the knot.", "Not only that."])
def test_what_only_looks_like_a_negation_is_none(text: str) -> None:
    assert negations(text) == 0


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Students may not borrow journals.", "Students may borrow journals."),
        ("学生可以在宿舍使用电炉。", "学生不得在宿舍使用电炉。"),
        ("图书馆周日不开放。", "图书馆周日开放。"),
        ("The hall is not heated and not lit.", "The hall is lit and not heated."),
    ],
)
def test_a_denial_of_what_the_other_states_is_a_contradiction(claim: str, passage: str) -> None:
    assert is_contradicted(claim, passage)


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("He presides over the Council.", "He presides over the Council, but does not vote."),
        ("图书馆8点开门。", "图书馆8点开门，不提供复印服务。"),
        ("学生不得在宿舍使用电炉。", "严禁学生在宿舍使用电炉。"),
        ("He does not vote.", "He presides over the Council, but does not vote."),
    ],
)
def test_a_denial_of_something_else_is_none(claim: str, passage: str) -> None:
    assert not is_contradicted(claim, passage)
