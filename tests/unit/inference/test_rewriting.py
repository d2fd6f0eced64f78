from __future__ import annotations

import pytest

from inference.endpoint_model import EndpointModel
from inference.rewriting import leans_on_history, rewrite_by_rules, standalone_query
from kb_platform.domain.answer import PastTurn


def after(*questions: str) -> list[PastTurn]:
    return [PastTurn(question, "…") for question in questions]


@pytest.mark.parametrize(
    ("before", "question", "carried"),
    [
        ("转专业需要什么条件？", "什么时候申请？", "转专业"),
        ("转专业需要什么条件？", "它需要哪些材料？", "转专业"),
        ("转专业需要什么条件？", "那研究生呢？", "转专业需要什么条件"),
        ("How much is the dormitory fee?", "When is it due?", "dormitory fee"),
        ("How much is the dormitory fee?", "And for graduate students?", "How much is the dormitory fee"),
    ],
)
def test_a_follow_up_carries_the_topic_of_the_last_question(before: str, question: str, carried: str) -> None:
    query = rewrite_by_rules(question, after(before))
    assert carried in query


def test_the_topic_is_carried_through_several_follow_ups() -> None:
    query = rewrite_by_rules("在哪里提交？", after("转专业需要什么条件？", "什么时候申请？"))
    assert query == "转专业 在哪里提交？"


@pytest.mark.parametrize(
    "question",
    [
        "图书馆几点开门？",
        "Where may visitors park?",
        "What are the opening hours of the main library?",
        "奖学金的评定标准有哪些？",
    ],
)
def test_a_question_that_stands_alone_stays_as_it_is(question: str) -> None:
    assert not leans_on_history(question)
    assert rewrite_by_rules(question, after("转专业需要什么条件？")) == question


async def test_no_model_is_asked_about_a_first_question() -> None:
    nobody = EndpointModel("http://127.0.0.1:9/v1", name="nobody")
    assert await standalone_query(" 图书馆几点开门？ ", (), nobody) == "图书馆几点开门？"


async def test_a_model_that_is_away_leaves_the_rules() -> None:
    nobody = EndpointModel("http://127.0.0.1:9/v1", name="nobody", timeout_seconds=2)
    assert await standalone_query("什么时候申请？", after("转专业需要什么条件？"), nobody) == "转专业 什么时候申请？"
