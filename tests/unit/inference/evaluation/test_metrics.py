from __future__ import annotations

import math

import pytest

from inference.evaluation.metrics import (
    FoundPassage,
    bootstrap,
    means,
    measure_answer,
    measure_citations,
    measure_ranking,
)
from inference.evaluation.question_set import EvaluationQuestion, GoldPassage


def found(*names: str) -> list[FoundPassage]:
    return [FoundPassage(f"{name}.md", f"{name}-{place}", f"text of {name}") for place, name in enumerate(names)]


def question(*gold: str, answers: tuple[str, ...] = (), unanswerable: bool = False) -> EvaluationQuestion:
    return EvaluationQuestion(
        "1", "?", (answers,) if answers else (), tuple(GoldPassage(f"{name}.md") for name in gold), unanswerable
    )


def test_a_ranking_is_measured_as_the_textbook_says() -> None:
    measured = measure_ranking(question("a", "b"), found("x", "a", "y", "z", "b"))
    assert measured["hit@1"] == 0
    assert measured["recall@3"] == 0.5
    assert measured["all@3"] == 0
    assert measured["all@5"] == measured["recall@5"] == 1
    assert measured["mrr@10"] == 0.5
    ideal = 1 / math.log2(2) + 1 / math.log2(3)
    assert measured["ndcg@10"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(6)) / ideal)


def test_several_passages_of_one_document_count_once() -> None:
    measured = measure_ranking(question("a"), found("x", "x", "x", "a", "a"))
    assert measured["mrr@10"] == 0.5
    assert measured["recall@3"] == 1
    assert measured["ndcg@10"] < 1


def test_with_words_the_passage_counts_and_not_the_document() -> None:
    asked = EvaluationQuestion("1", "?", (), (GoldPassage("a.md", "right words"),))
    hits = [FoundPassage("a.md", "1", "other words"), FoundPassage("a.md", "2", "the RIGHT  words")]
    assert measure_ranking(asked, hits)["mrr@10"] == 0.5


def test_an_unanswerable_question_has_no_ranking_and_wants_silence() -> None:
    asked = question(unanswerable=True)
    assert measure_ranking(asked, found("a")) == {}
    assert measure_answer(asked, "It is so.", abstained=False) == {"false_answers": 1}
    assert measure_answer(asked, "", abstained=True) == {"false_answers": 0}


@pytest.mark.parametrize(
    ("said", "expected", "exact", "f1"),
    [
        ("The France.", "France", 1, 1),
        ("in France", "France", 0, 2 / 3),
        ("二十册", "二十册", 1, 1),
        ("二十", "二十册", 0, 0.8),
        ("Spain", "France", 0, 0),
    ],
)
def test_answers_are_compared_by_words_and_chinese_by_characters(
    said: str, expected: str, exact: float, f1: float
) -> None:
    measured = measure_answer(question("a", answers=(expected,)), said, abstained=False)
    assert measured["exact"] == exact
    assert measured["f1"] == pytest.approx(f1)


def test_each_group_of_expected_answers_must_be_there() -> None:
    asked = EvaluationQuestion("1", "?", (("12人", "十二人"), ("周一",)), ())
    assert measure_answer(asked, "共有十二人，在周一。", abstained=False)["holds_answer"] == 1
    assert measure_answer(asked, "共有十二人。", abstained=False)["holds_answer"] == 0
    refused = measure_answer(asked, "资料没有，十二人，周一", abstained=True)
    assert (refused["false_refusals"], refused["holds_answer"]) == (1, 0)


def test_citations_are_held_against_the_gold_passages() -> None:
    measured = measure_citations(question("a", "b"), found("a", "x", "a"), [True, False])
    assert measured["citation_precision"] == pytest.approx(2 / 3)
    assert measured["citation_recall"] == 0.5
    assert measured["citations_supported"] == 0.5


def test_the_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few, many = bootstrap([0, 1] * 10), bootstrap([0, 1] * 500)
    assert few[0] < 0.5 < few[1]
    assert many[1] - many[0] < few[1] - few[0]
    mean = means([{"x": 1.0}, {"x": 0.0}, {"y": 1.0}])["x"]
    assert (mean.value, mean.n) == (0.5, 2)
