"""A question with several parts is searched for part by part; any other stays whole."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.question_sets import FOLDER
from inference.decomposition import merge, parts_of, searches_for, things_compared


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who can borrow books? How long are the loans?", ("Who can borrow books?", "How long are the loans?")),
        ("Who can borrow books, and what does a card cost?", ("Who can borrow books", "what does a card cost?")),
        ("谁可以申请奖学金？宿舍几点关门？", ("谁可以申请奖学金？", "宿舍几点关门？")),
        ("奖学金怎么申请以及奖学金金额是多少", ("奖学金怎么申请", "奖学金金额是多少")),
    ],
)
def test_two_questions_are_two_parts(question: str, parts: tuple[str, ...]) -> None:
    assert parts_of(question) == parts


@pytest.mark.parametrize(
    ("question", "second"),
    [
        ("What is the tuition and how do I pay it?", "tuition"),
        ("转专业需要什么条件，什么时候申请？", "转专业"),
        ("转专业需要什么条件？需要交哪些材料？", "转专业"),
    ],
)
def test_a_part_that_leans_on_the_first_takes_its_topic_along(question: str, second: str) -> None:
    assert second in parts_of(question)[1]


def test_what_is_told_beforehand_belongs_to_each_part() -> None:
    told = "I am an exchange student."
    assert all(part.startswith(told) for part in parts_of(f"{told} Who grants leave? Where do I register?"))


@pytest.mark.parametrize(
    "question",
    [
        "When and where was Turing born?",
        "Which band, formed in 1985 and which released Disintegration, is older?",
        "When a commission reached no decision, what happened?",
        "I am a first-year student. How do I change my major?",
        "我是大一学生，转专业需要什么条件？",
        "在什么情况下，会正式判断该物种应归入哪一个风险组别？",
        "1965年几内亚和法国断交后，采用新的货币叫什么？",
        "图书馆开放时间",
        "",
    ],
)
def test_one_question_stays_whole(question: str) -> None:
    assert parts_of(question) == ()


def test_the_things_that_are_compared_are_searched_for_beside_the_question() -> None:
    english = "What is the difference between total debt obligations and purchase obligations?"
    assert searches_for(english) == (english, "total debt obligations", "purchase obligations")
    assert things_compared("专科生和本科生有什么区别？") == ("专科生", "本科生")
    assert things_compared("What is the difference between the high and low price?") == ()


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the question sets are not beside the checkout")
@pytest.mark.parametrize("name", ["hotpotqa_100", "squad2_dev", "cmrc2018_dev", "tatqa_test", "rgb_zh_refine"])
def test_hardly_a_question_of_the_sets_is_taken_apart(name: str) -> None:
    rows = (FOLDER / name / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(row)["question"] for row in rows]
    assert sum(bool(parts_of(question)) for question in questions) <= len(questions) / 500


@given(st.lists(st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=8), max_size=4), st.integers(0, 12))
def test_every_ranking_gets_its_share_and_nothing_stands_twice(rankings: list[list[str]], limit: int) -> None:
    merged = merge(rankings, limit)
    assert len(merged) == len(set(merged)) == min(limit, len({id_ for ranking in rankings for id_ in ranking}))
    share = limit // len(rankings) if rankings else 0
    assert all(set(ranking[:share]) <= set(merged) for ranking in rankings)
