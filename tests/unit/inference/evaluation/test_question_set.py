from __future__ import annotations

import json

import pytest

from inference.evaluation.question_set import GoldPassage, document_name, read_csv, read_jsonl
from kb_platform.domain.errors import InvalidInput


def test_the_uniform_jsonl_is_read() -> None:
    rows = [
        {"id": "a", "question": "谁？", "answers": ["光荣", "koei"], "gold_ids": ["DEV_0"]},
        {"id": "b", "question": "?", "answers": ["France"], "gold_ids": [], "unanswerable": True},
        {"id": "c", "question": "几人？", "answer_groups": [["12人", "十二人"], ["周一"]], "gold_ids": ["x/y"]},
    ]
    first, second, third = read_jsonl("\n".join(json.dumps(row) for row in rows) + "\n")
    assert first.answer_groups == (("光荣", "koei"),)
    assert first.gold == (GoldPassage("DEV_0.md"),)
    assert second.unanswerable
    assert third.answer_groups == (("12人", "十二人"), ("周一",))
    assert third.gold[0].matches(document_name("x/y"), "…")


def test_a_csv_of_ones_own_is_read_in_both_languages() -> None:
    english = read_csv("question,answer,document,words\nHow many?,15|fifteen,library.pdf,15 books\nWho?,,,\n")
    assert english[0].answer_groups == (("15", "fifteen"),)
    assert english[0].gold == (GoldPassage("library.pdf", "15 books"),)
    assert english[1].gold == ()
    (chinese,) = read_csv("\ufeff问题,答案,文档,原文,无答案\n几册？,,,,是\n")
    assert chinese.unanswerable


def test_words_are_found_whatever_the_spacing_and_a_name_without_its_suffix() -> None:
    gold = GoldPassage("办法", "绩点不低于 3.0")
    assert gold.matches("2024/办法.pdf", "平均绩点 不低于3.0。")
    assert not gold.matches("办法.pdf", "绩点不低于 3.5")
    assert not gold.matches("另一办法.pdf", "绩点不低于 3.0")


@pytest.mark.parametrize("text", ["", "{}", '{"question": ""}', "not json"])
def test_what_is_no_question_set_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_jsonl(text)


def test_a_csv_without_a_column_of_questions_is_refused() -> None:
    with pytest.raises(InvalidInput, match="question"):
        read_csv("frage,antwort\nwer?,ich\n")
