from __future__ import annotations

import random

import pytest

from inference.thinking import AnswerText, ReasoningText, ThinkTagSplitter, without_reasoning


def split(text: str, starts_open: bool = False, seed: int | None = None) -> tuple[str, str]:
    splitter = ThinkTagSplitter(starts_open)
    cut = random.Random(seed)
    deltas: list[ReasoningText | AnswerText] = []
    at = 0
    while at < len(text):
        size = len(text) if seed is None else cut.randint(1, 4)
        deltas += splitter.feed(text[at : at + size])
        at += size
    deltas += splitter.finish()
    reasoning = "".join(delta.text for delta in deltas if isinstance(delta, ReasoningText))
    return reasoning, "".join(delta.text for delta in deltas if isinstance(delta, AnswerText))


@pytest.mark.parametrize("seed", [None, *range(30)])
def test_a_think_block_is_reasoning_however_it_is_cut(seed: int | None) -> None:
    assert split("<think>\nfirst a < b\n</think>\n\nThe fee is 5.", seed=seed) == ("\nfirst a < b\n", "The fee is 5.")


@pytest.mark.parametrize("seed", [None, *range(30)])
def test_a_model_whose_template_opened_the_block_only_closes_it(seed: int | None) -> None:
    assert split("first\n</think>\nThe fee.", starts_open=True, seed=seed) == ("first\n", "The fee.")


@pytest.mark.parametrize("seed", [None, *range(30)])
def test_a_tag_in_the_middle_of_an_answer_is_text(seed: int | None) -> None:
    assert split("Write <think> and </think> tags.", seed=seed) == ("", "Write <think> and </think> tags.")


def test_reasoning_without_an_end_stays_reasoning() -> None:
    assert split("<think>never ends") == ("never ends", "")


def test_a_finished_text_loses_its_reasoning() -> None:
    assert without_reasoning("<think>a</think>\nb") == "b"
    assert without_reasoning("a</think>b") == "b"
    assert without_reasoning("<think>cut off") == ""
    assert without_reasoning(" plain ") == "plain"
