"""The result of an evaluation: kept as JSON, compared with another, held against limits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from inference.evaluation.metrics import LOWER_IS_BETTER, Mean, bootstrap, means
from kb_platform.domain.errors import InvalidInput

FORMAT = "kb-eval-1"


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """What came of one question: its metrics, and what a person wants to see of it. `error` is empty where it went
    well; then `values` is not."""

    id: str
    question: str
    values: dict[str, float]
    expected: tuple[str, ...] = ()
    answer: str = ""
    abstained: bool = False
    found: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """An evaluation. `about` says of what: question set, knowledge base, answerer, model, version, settings, time."""

    about: dict[str, str]
    results: tuple[QuestionResult, ...]
    metrics: dict[str, Mean] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """B minus A over the questions that both have, with the 95 % interval of the paired bootstrap."""

    metric: str
    before: float
    after: float
    change: float
    low: float
    high: float
    n: int

    @property
    def verdict(self) -> str:
        """`better`, `worse`, or `same` where the interval holds 0."""
        if self.low <= 0 <= self.high:
            return "same"
        return "better" if (self.change > 0) != (self.metric in LOWER_IS_BETTER) else "worse"


def make_run(about: Mapping[str, str], results: Sequence[QuestionResult]) -> Run:
    """Return the run with its metrics; `failed` is the share of questions that ended in an error."""
    measured = [result.values | {"failed": float(bool(result.error))} for result in results]
    return Run(dict(about), tuple(results), means(measured))


def to_json(run: Run) -> str:
    """Return the run as JSON."""
    return json.dumps({"format": FORMAT, **asdict(run)}, ensure_ascii=False, indent=1)


def from_json(text: str) -> Run:
    """Return the run. Raises InvalidInput where the text is not one."""
    try:
        body: dict[str, Any] = json.loads(text)
        if body["format"] != FORMAT:
            raise ValueError(f"format {body['format']}")
        results = tuple(
            QuestionResult(**{**row, "expected": tuple(row["expected"]), "found": tuple(row["found"])})
            for row in body["results"]
        )
        return Run(body["about"], results, {name: Mean(**mean) for name, mean in body["metrics"].items()})
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"This is not the JSON of an evaluation ({error}).") from error


def compare(before: Run, after: Run) -> list[Difference]:
    """Return the difference of each metric. Raises InvalidInput where the runs share no question."""
    of_before = {result.id: result.values for result in before.results}
    pairs = [(of_before[r.id], r.values) for r in after.results if r.id in of_before]
    if not pairs:
        raise InvalidInput("The two evaluations have no question in common.")
    differences = []
    for metric in dict.fromkeys(name for _, values in pairs for name in values):
        both = [(one[metric], other[metric]) for one, other in pairs if metric in one and metric in other]
        if both:
            low, high = bootstrap([other - one for one, other in both])
            first, second = np.mean([one for one, _ in both]), np.mean([other for _, other in both])
            differences.append(
                Difference(metric, float(first), float(second), float(second - first), low, high, len(both))
            )
    return differences


def changed_questions(before: Run, after: Run, metric: str) -> list[tuple[QuestionResult, float, float]]:
    """Return the questions whose metric changed (its result after, before, after): the worst change first."""
    of_before = {result.id: result.values for result in before.results}
    changed = [
        (result, of_before[result.id][metric], result.values[metric])
        for result in after.results
        if metric in result.values and metric in of_before.get(result.id, {})
        if of_before[result.id][metric] != result.values[metric]
    ]
    sign = -1 if metric in LOWER_IS_BETTER else 1
    return sorted(changed, key=lambda item: sign * (item[2] - item[1]))


def parse_limit(text: str) -> tuple[str, float]:
    """Return metric and limit of `recall@10=.8`. Raises InvalidInput."""
    metric, equals, limit = text.partition("=")
    try:
        if not equals or not metric:
            raise ValueError
        return metric.strip(), float(limit)
    except ValueError as error:
        raise InvalidInput(f"“{text}” is not a limit; write one like recall@10=.8.") from error


def missed_limits(run: Run, limits: Sequence[tuple[str, float]]) -> list[str]:
    """Return a sentence for each limit that the run misses; what is better when low must not be above its limit.
    Raises InvalidInput for a metric that the run does not have."""
    missed = []
    for metric, limit in limits:
        if metric not in run.metrics:
            known = ", ".join(sorted(run.metrics))
            raise InvalidInput(f"The evaluation has no metric {metric} (it has {known}).")
        value = run.metrics[metric].value
        is_low = metric in LOWER_IS_BETTER
        if value > limit if is_low else value < limit:
            missed.append(f"{metric} is {value:.3f}, {'above' if is_low else 'below'} {limit:g}")
    return missed
