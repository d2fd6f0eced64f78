from __future__ import annotations

import random

import pytest

from inference.citations import AnswerSentence
from inference.composing import AnswerComposer
from inference.prompts import REFUSAL_SENTINEL, Language
from kb_platform.domain.answer import Source
from kb_platform.domain.chunk import Hit

RULES = "第三条 申请转专业的学生须同时满足以下条件：\n（一）在校修读满一年；\n（二）平均学分绩点不低于3.0。"
FEE = "The dormitory fee is 1,200 yuan per academic year. It is payable by 10 September."


def source(number: int, text: str) -> Source:
    return Source(number, Hit(str(number), "k", "d", "v", "n", "Rules", 0, 0, len(text), text))


def write(text: str, seed: int) -> tuple[AnswerComposer, list[AnswerSentence]]:
    composer = AnswerComposer([source(1, RULES), source(2, FEE)], Language.ENGLISH)
    cut, shown, sentences, at = random.Random(seed), "", [], 0
    while at < len(text) and not composer.ended:
        size = cut.randint(1, 9)
        composed = composer.feed(text[at : at + size])
        shown += composed.text
        sentences += composed.sentences
        at += size
    composed = composer.finish()
    assert shown + composed.text == composer.text
    return composer, [*sentences, *composed.sentences]


SEEDS = pytest.mark.parametrize("seed", range(25))


@SEEDS
def test_a_sentence_knows_its_place_in_the_answer_and_its_markers(seed: int) -> None:
    composer, sentences = write("The fee is 1,200 yuan 【2】. It is due. [2][1] Then\nmore [1].", seed)
    assert composer.text == "The fee is 1,200 yuan [2]. It is due. [2][1] Then\nmore [1]."
    assert [(s.text, s.numbers) for s in sentences] == [
        ("The fee is 1,200 yuan [2].", (2,)),
        ("It is due. [2][1]", (2, 1)),
        ("Then", ()),
        ("more [1].", (1,)),
    ]
    for sentence in sentences:
        assert composer.text[sentence.start : sentence.end] == sentence.text


@SEEDS
def test_a_sentence_that_a_passage_carries_beyond_doubt_is_given_its_citation(seed: int) -> None:
    composer, _ = write("The dormitory fee is 1,200 yuan per academic year. It costs much joy.", seed)
    assert composer.text == "The dormitory fee is 1,200 yuan per academic year. [2] It costs much joy."


@SEEDS
def test_markers_that_begin_lines_are_set_behind_their_sentences(seed: int) -> None:
    composer, sentences = write(
        "[2] The dormitory fee is 1,200 yuan per academic year.\n"
        "[1]申请转专业的学生须在校修读满一年。平均学分绩点不低于3.0。天气很好也很热。\n[2] **Joy**",
        seed,
    )
    assert composer.text == (
        "The dormitory fee is 1,200 yuan per academic year. [2]\n"
        "申请转专业的学生须在校修读满一年。[1]平均学分绩点不低于3.0。[1]天气很好也很热。\n**Joy** [2]"
    )
    assert [sentence.numbers for sentence in sentences] == [(2,), (1,), (1,), (), (2,)]
    for sentence in sentences:
        assert composer.text[sentence.start : sentence.end] == sentence.text


@SEEDS
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "The dormitory fee is 1,200 yuan per academic year [1].",
            "The dormitory fee is 1,200 yuan per academic year. [2]",
        ),
        (
            "The dormitory fee is 1,200 yuan per academic year. [1]",
            "The dormitory fee is 1,200 yuan per academic year. [2]",
        ),
        (
            "[1] The dormitory fee is 1,200 yuan per academic year.",
            "The dormitory fee is 1,200 yuan per academic year. [2]",
        ),
        ("The fee [1] is 1,200 yuan for an academic year.", "The fee [1] is 1,200 yuan for an academic year. [2]"),
        ("申请转专业的学生须在校修读满一年[2]。好。", "申请转专业的学生须在校修读满一年。[1]好。"),
        ("It costs much joy and more sorrow [1].", "It costs much joy and more sorrow [1]."),
        (
            "The dormitory fee is 1,300 yuan per academic year [1].",
            "The dormitory fee is 1,300 yuan per academic year [1].",
        ),
        (
            "The dormitory fee is 1,200 yuan per academic year [2][1].",
            "The dormitory fee is 1,200 yuan per academic year [2][1].",
        ),
    ],
)
def test_a_sentence_that_another_passage_carries_is_given_that_ones_marker(written: str, shown: str, seed: int) -> None:
    assert write(written, seed)[0].text == shown


@SEEDS
def test_a_changed_number_is_given_no_citation(seed: int) -> None:
    composer, _ = write("The dormitory fee is 1,300 yuan per academic year.", seed)
    assert "[" not in composer.text


@SEEDS
@pytest.mark.parametrize("text", [REFUSAL_SENTINEL, f"[1] **{REFUSAL_SENTINEL}**", f"\n“{REFUSAL_SENTINEL}” and more"])
def test_the_refusal_sentinel_is_never_shown(text: str, seed: int) -> None:
    composer, _ = write(text, seed)
    assert composer.refused
    assert composer.text == ""


@SEEDS
def test_a_sentinel_behind_an_answer_ends_it(seed: int) -> None:
    composer, _ = write(f"The fee is 5 [2]. {REFUSAL_SENTINEL}", seed)
    assert composer.text == "The fee is 5 [2]."
    assert not composer.refused


@SEEDS
@pytest.mark.parametrize("text", ["The passages do not mention the price.", "资料中没有提到价格。"])
def test_a_refusal_in_other_words_is_one(text: str, seed: int) -> None:
    assert write(text, seed)[0].refused


@SEEDS
def test_a_model_that_runs_in_circles_is_stopped(seed: int) -> None:
    composer, _ = write("It is so.\n" * 50, seed)
    assert composer.ended
    assert len(composer.text) < 60
    composer, _ = write("[1] [2] " * 50, seed)
    assert composer.ended
    assert not composer.has_words
