"""The labelled question sets beside the checkout, and what is counted on them."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "eval"
SETS = ("hotpotqa_100", "squad2_dev", "cmrc2018_dev", "tatqa_test", "rgb_zh_refine")
TITLES_ARE_KINDS = frozenset({"tatqa_test"})
"""Sets whose titles say only "table" or "paragraph"."""
METRICS = ("hit@1", "hit@5", "recall@10", "all@10", "mrr@10", "ndcg@10")


@dataclass(frozen=True, slots=True)
class Passage:
    """`context` is the document's title, which the platform embeds with each passage."""

    id: str
    context: str
    text: str

    @property
    def embedding_text(self) -> str:
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    gold: frozenset[str]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    name: str
    passages: tuple[Passage, ...]
    questions: tuple[Question, ...]


def load_question_set(name: str) -> QuestionSet:
    """Return the set with its answerable questions. Raises FileNotFoundError where the data is not there."""
    folder = FOLDER / name
    passages = tuple(
        Passage(row["id"], "" if name in TITLES_ARE_KINDS else row["title"], row["text"])
        for row in _rows(folder / "corpus.jsonl")
    )
    known = {passage.id for passage in passages}
    questions = tuple(
        Question(row["question"], frozenset(row["gold_ids"]) & known)
        for row in _rows(folder / "queries.jsonl")
        if known & set(row["gold_ids"])
    )
    return QuestionSet(name, passages, questions)


def sample(question_set: QuestionSet, questions: int, passages: int) -> QuestionSet:
    """Return some of the questions with their passages and others, the same at each run."""
    chosen = random.Random(0).sample(question_set.questions, min(questions, len(question_set.questions)))
    gold = {id_ for question in chosen for id_ in question.gold}
    others = [passage for passage in question_set.passages if passage.id not in gold]
    kept = {p.id for p in random.Random(1).sample(others, max(0, min(passages - len(gold), len(others))))} | gold
    return QuestionSet(question_set.name, tuple(p for p in question_set.passages if p.id in kept), tuple(chosen))


def measure_ranking(ranking: Sequence[str], gold: frozenset[str]) -> dict[str, float]:
    """Return each metric for one question; `ranking` holds passage ids, best first."""
    hits = [id_ in gold for id_ in ranking[:10]]
    first = hits.index(True) + 1 if True in hits else 0
    ideal = sum(1 / math.log2(place + 2) for place in range(min(len(gold), 10)))
    return {
        "hit@1": float(any(hits[:1])),
        "hit@5": float(any(hits[:5])),
        "recall@10": sum(hits) / len(gold),
        "all@10": float(sum(hits) == len(gold)),
        "mrr@10": 1 / first if first else 0.0,
        "ndcg@10": sum(hit / math.log2(place + 2) for place, hit in enumerate(hits)) / ideal,
    }


def interval(values: Sequence[float], resamples: int = 2000) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean (percentiles; Efron 1979)."""
    array = np.asarray(values)
    rng = np.random.default_rng(0)
    means = [float(array[rng.integers(0, len(array), len(array))].mean()) for _ in range(resamples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
