from __future__ import annotations

import pytest

from inference.evaluation.runs import (
    QuestionResult,
    changed_questions,
    compare,
    from_json,
    make_run,
    missed_limits,
    parse_limit,
    to_json,
)
from kb_platform.domain.errors import InvalidInput


def results(values: dict[str, dict[str, float]]) -> list[QuestionResult]:
    return [QuestionResult(id_, f"question {id_}", of) for id_, of in values.items()]


def test_a_run_survives_its_json() -> None:
    run = make_run({"questions": "set"}, results({"a": {"recall@10": 1.0}}))
    assert from_json(to_json(run)) == run


@pytest.mark.parametrize("text", ["", "{}", '{"format": "kb-eval-0"}', "[1]"])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        from_json(text)


def test_a_clear_change_is_told_from_chance() -> None:
    before = make_run({}, results({str(n): {"recall@10": 0.0, "mrr@10": float(n % 2)} for n in range(40)}))
    after = make_run({}, results({str(n): {"recall@10": 1.0, "mrr@10": float((n + 1) % 2)} for n in range(40)}))
    verdicts = {difference.metric: difference.verdict for difference in compare(before, after)}
    assert verdicts == {"recall@10": "better", "mrr@10": "same"}


def test_less_is_better_where_less_is_better() -> None:
    before = make_run({}, results({str(n): {"false_answers": 1.0} for n in range(20)}))
    after = make_run({}, results({str(n): {"false_answers": 0.0} for n in range(20)}))
    assert compare(before, after)[0].verdict == "better"
    assert compare(after, before)[0].verdict == "worse"


def test_only_common_questions_are_compared_and_the_worst_change_comes_first() -> None:
    before = make_run({}, results({"a": {"f1": 1.0}, "b": {"f1": 0.5}, "c": {"f1": 0.0}, "gone": {"f1": 1.0}}))
    after = make_run({}, results({"a": {"f1": 0.0}, "b": {"f1": 0.5}, "c": {"f1": 1.0}, "new": {"f1": 0.0}}))
    assert compare(before, after)[0].n == 3
    assert [result.id for result, _, _ in changed_questions(before, after, "f1")] == ["a", "c"]
    with pytest.raises(InvalidInput):
        compare(before, make_run({}, results({"other": {"f1": 1.0}})))


def test_a_missed_limit_is_said_and_an_unknown_metric_is_an_error() -> None:
    run = make_run({}, results({"a": {"recall@10": 0.5, "false_answers": 0.5}}))
    assert missed_limits(run, [parse_limit("recall@10=.4"), parse_limit("false_answers=.5")]) == []
    assert missed_limits(run, [parse_limit("recall@10=.8"), parse_limit("false_answers=.1")]) == [
        "recall@10 is 0.500, below 0.8",
        "false_answers is 0.500, above 0.1",
    ]
    with pytest.raises(InvalidInput, match="recall@20"):
        missed_limits(run, [("recall@20", 0.5)])
    with pytest.raises(InvalidInput):
        parse_limit("recall@10")
