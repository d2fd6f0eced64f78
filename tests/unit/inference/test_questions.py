"""What kind of answer a question asks for, and whether a sentence holds one."""

from __future__ import annotations

import pytest

from inference.questions import Expects, expects, holds_expected


@pytest.mark.parametrize("question", ["图书馆几点关门？", "When does the library close?", "申请什么时候截止？"])
def test_a_question_for_a_time_expects_one(question: str) -> None:
    assert expects(question) is Expects.DATE


@pytest.mark.parametrize(
    "question",
    ["What happens when tuition is paid late?", "Who is told when a card is lost?", "What is the fee when it is lost?"],
)
def test_a_when_that_does_not_ask_expects_no_time(question: str) -> None:
    assert expects(question) is not Expects.DATE


@pytest.mark.parametrize(
    "sentence",
    [
        "At weekends it closes at six in the afternoon.",
        "The gate is locked at 11 p.m. and opened at dawn.",
        "The office opens at eight o’clock.",
        "宿舍晚上十一点关门。",
        "每日8点开放。",
        "It opens on Monday.",
        "申请须在四月十五日之前提交。",
        "Breakfast is served from seven, lunch from eleven thirty.",
        "The desk is staffed from nine to five on weekdays.",
    ],
)
def test_days_and_hours_are_times(sentence: str) -> None:
    assert holds_expected(Expects.DATE, sentence, []) == 1.0


@pytest.mark.parametrize(
    "sentence",
    [
        "I have six books.",
        "这一点很重要。",
        "The morning was fine.",
        "It takes from two to three weeks.",
        "重点学科共有三个。",
    ],
)
def test_not_every_number_or_point_is_a_time(sentence: str) -> None:
    assert holds_expected(Expects.DATE, sentence, []) == 0.0
