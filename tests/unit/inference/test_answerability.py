"""What tells an answer from a near miss, where it can be told."""

from __future__ import annotations

import pytest

from inference.answerability import answerability, signs_of
from kb_platform.domain.answer import Source
from kb_platform.domain.chunk import Hit, Scores

E5 = "multilingual-e5-small"
BORDER = 0.28
"""docs/quality.md measures the setting `quote_from` at it."""
LIBRARY = (
    "The library of the university opens at 8:00 and closes at 22:00. Undergraduates may borrow up to 15 books for 30 "
    "days. The reading room was designed by Anna Berg."
)
RULES = "本科生每学期可借图书15册，借期30天。图书馆每天8:00开门，22:00闭馆。逾期每天罚款一角。"


def source(text: str, dense: float = 0.88) -> Source:
    return Source(1, Hit("1", "k", "d", "v", "n", "t", 0, 0, len(text), text, scores=Scores(dense=dense)))


@pytest.mark.parametrize(
    ("answered", "missed", "text"),
    [
        ("How many books may undergraduates borrow?", "How many films may undergraduates borrow in Berlin?", LIBRARY),
        ("Who designed the reading room?", "Who designed the swimming pool in 1931?", LIBRARY),
        ("本科生每学期可借多少册图书？", "研究生每学期可借多少张唱片？", RULES),
        ("图书馆每天几点开门？", "体育馆每天几点供应热水？", RULES),
    ],
)
def test_a_question_that_the_passage_answers_is_likelier_than_one_that_only_sounds_alike(
    answered: str, missed: str, text: str
) -> None:
    assert answerability(answered, [source(text)], E5) >= BORDER > answerability(missed, [source(text, 0.83)], E5)


def test_what_is_seen_names_what_is_lacking() -> None:
    signs = signs_of("Which films may undergraduates not borrow in 1931?", [source(LIBRARY)])
    assert signs is not None
    assert signs.missing >= 1
    assert signs.numbers_missing == 1
    assert signs.denial == 1


def test_across_languages_and_for_unknown_embedding_models_nothing_is_held_back() -> None:
    assert answerability("本科生可借多少册图书？", [source(LIBRARY)], E5) == 1.0
    assert answerability("How many films?", [source(LIBRARY)], "another-model") == 1.0


def test_passages_without_a_sentence_answer_nothing() -> None:
    assert answerability("How many books?", [source("—")], E5) == 0.0
