"""What is counted of one question, and means with their intervals over many."""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inference.evaluation.question_set import EvaluationQuestion, GoldPassage, letters

CUTOFFS = (1, 3, 5, 10)
RESAMPLES = 2000
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
METRICS = (
    "hit@1", "recall@1", "recall@5", "recall@10", "all@10", "mrr@10", "ndcg@10", "holds_answer", "exact", "f1",
    "citation_precision", "citation_recall", "citations_supported", "false_answers", "false_refusals", "failed",
    "tokens", "seconds", "seconds_search",
)  # fmt: skip
"""What is shown of a run, in this order; kept are all cutoffs."""
LOWER_IS_BETTER = frozenset({"false_answers", "false_refusals", "tokens", "seconds", "seconds_search", "failed"})


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that was found, given or cited."""

    document_name: str
    chunk_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of a metric over `n` questions, with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


def measure_ranking(question: EvaluationQuestion, hits: Sequence[FoundPassage]) -> dict[str, float]:
    """Return recall@k, hit@k, all@k, mrr@10, ndcg@10 (binary gain) of the passages found, best first.

    Where the gold passages are whole documents, several passages of one document count as its first one.
    """
    if not question.gold:
        return {}
    ranking = _ranking(question.gold, hits)
    places = [place for place, gold in enumerate(ranking[:10], start=1) if gold is not None]
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(len(question.gold), 10) + 1))
    measured = {
        "mrr@10": 1 / places[0] if places else 0.0,
        "ndcg@10": sum(1 / math.log2(place + 1) for place in places) / ideal,
    }
    for cutoff in CUTOFFS:
        found = len({gold for gold in ranking[:cutoff] if gold is not None})
        measured[f"hit@{cutoff}"] = float(found > 0)
        measured[f"recall@{cutoff}"] = found / len(question.gold)
        measured[f"all@{cutoff}"] = float(found == len(question.gold))
    return measured


def measure_answer(question: EvaluationQuestion, answer: str, abstained: bool) -> dict[str, float]:
    """Return exact, f1 and holds_answer of an answer without its markers, and whether silence or speech was wrong.

    exact and f1 as SQuAD has them (Rajpurkar et al. 2016), in Chinese by characters; holds_answer is 1 where one member
    of each group of expected answers stands in the answer.
    """
    if question.unanswerable:
        return {"false_answers": float(not abstained)}
    measured = {"false_refusals": float(abstained)}
    if question.answer_groups:
        every = [one for group in question.answer_groups for one in group]
        said = "" if abstained else answer
        plain = letters(said)
        measured["exact"] = float(any(_words(said) == _words(one) for one in every))
        measured["f1"] = max(_f1(_words(said), _words(one)) for one in every)
        measured["holds_answer"] = float(
            all(any(letters(one) and letters(one) in plain for one in group) for group in question.answer_groups)
        )
    return measured


def measure_citations(
    question: EvaluationQuestion, cited: Sequence[FoundPassage], supported: Sequence[bool]
) -> dict[str, float]:
    """Return the share of the citations that name a gold passage, the share of the gold passages that are cited, and
    the share of the citations that the platform's own check calls supported."""
    measured: dict[str, float] = {}
    if supported:
        measured["citations_supported"] = sum(supported) / len(supported)
    if question.gold:
        matched = [_match(question.gold, passage) for passage in cited]
        if cited:
            measured["citation_precision"] = sum(gold is not None for gold in matched) / len(cited)
        measured["citation_recall"] = len({gold for gold in matched if gold is not None}) / len(question.gold)
    return measured


def means(measured: Sequence[Mapping[str, float]]) -> dict[str, Mean]:
    """Return the mean of each metric over the questions that have it."""
    names = dict.fromkeys(name for values in measured for name in values)
    return {name: _mean([values[name] for values in measured if name in values]) for name in names}


def bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean (percentiles; Efron 1979); the same at each run."""
    array = np.asarray(values, dtype=float)
    rng = np.random.default_rng(0)
    resampled = array[rng.integers(0, len(array), (RESAMPLES, len(array)))].mean(axis=1)
    low, high = np.percentile(resampled, [2.5, 97.5])
    return float(low), float(high)


def _mean(values: Sequence[float]) -> Mean:
    low, high = bootstrap(values)
    return Mean(float(np.mean(values)), low, high, len(values))


def _ranking(gold: Sequence[GoldPassage], hits: Sequence[FoundPassage]) -> list[int | None]:
    """Return for each place which gold passage stands there; a gold passage or a document counts once."""
    by_document = all(not one.words for one in gold)
    seen: set[object] = set()
    ranking: list[int | None] = []
    for hit in hits:
        match = _match(gold, hit)
        key: object = match if match is not None else (hit.document_name if by_document else hit.chunk_id)
        if key not in seen:
            seen.add(key)
            ranking.append(match)
    return ranking


def _match(gold: Sequence[GoldPassage], passage: FoundPassage) -> int | None:
    places = (place for place, one in enumerate(gold) if one.matches(passage.document_name, passage.text))
    return next(places, None)


def _words(text: str) -> list[str]:
    """Return the words to compare: Chinese by character, the rest without case, articles and punctuation."""
    text = "".join(f" {one} " if _HAN.match(one) else one for one in text.casefold())
    text = text.translate(str.maketrans("", "", string.punctuation))
    return re.sub(r"[^\w\s]", " ", _ARTICLES.sub(" ", text)).split()


def _f1(said: Sequence[str], expected: Sequence[str]) -> float:
    common = sum((Counter(said) & Counter(expected)).values())
    return 2 * common / (len(said) + len(expected)) if common else 0.0
