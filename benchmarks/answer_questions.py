"""Questions that passages answer, nearly answer, or have nothing to do with: the same sample in every run.

Chinese: cmrc2018_dev (answerable) and rgb_zh_refine (elsewhere: asked of cmrc's passages; near: given only passages on
the topic without the answer). English: squad2_dev (answerable; near: its unanswerable questions) and hotpotqa_100
(elsewhere: asked of squad's passages). Retrieval here is exact search by embedding over the set's passages.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import progress
from benchmarks.labelled import as_hit, read_rows
from kb_platform.domain.answer import Source
from kb_platform.embedding import EmbeddingModel

SEED = 20_251
HITS = 5


@dataclass(frozen=True)
class Asked:
    """A question put to a set of passages. `near`: its passages are on the topic but do not answer it."""

    text: str
    answers: tuple[str, ...]
    only: frozenset[str] | None = None
    near: bool = False


@dataclass(frozen=True)
class Passages:
    rows: list[dict[str, Any]]
    vectors: NDArray[np.float32]

    def find(self, question: str, embedding: EmbeddingModel, only: frozenset[str] | None) -> list[Source]:
        scores = self.vectors @ embedding.embed_query(question)
        order = [i for i in np.argsort(-scores) if only is None or self.rows[i]["id"] in only][:HITS]
        return [Source(n, as_hit(self.rows[i], float(scores[i]))) for n, i in enumerate(order, start=1)]


def chinese_questions(size: int, quick: bool, embedding: EmbeddingModel) -> tuple[str, list[Asked], Passages]:
    draw = random.Random(SEED)
    answerable = draw.sample(read_rows("cmrc2018_dev", "queries"), size)
    foreign = draw.sample(read_rows("rgb_zh_refine", "queries"), size)
    topical = [row for row in foreign if row["negative_ids"]][: size // 2]
    near_ids = {one for row in topical for one in row["negative_ids"][:HITS]}
    rows = [row for row in read_rows("rgb_zh_refine", "corpus") if row["id"] in near_ids]
    rows += _some("cmrc2018_dev", answerable, 30 if quick else 400, draw)
    questions = [Asked(row["question"], tuple(row["answers"]), _ids("cmrc2018_dev")) for row in answerable]
    questions += [Asked(row["question"], (), frozenset(row["negative_ids"][:HITS]), near=True) for row in topical]
    questions += [Asked(row["question"], (), _ids("cmrc2018_dev")) for row in foreign[-(size // 2) :]]
    return "zh", questions, _embedded(rows, embedding)


def english_questions(size: int, quick: bool, embedding: EmbeddingModel) -> tuple[str, list[Asked], Passages]:
    draw = random.Random(SEED)
    queries = read_rows("squad2_dev", "queries")
    answerable = draw.sample([row for row in queries if not row["unanswerable"]], size)
    near = draw.sample([row for row in queries if row["unanswerable"]], size // 2)
    foreign = draw.sample(read_rows("hotpotqa_100", "queries"), size // 2)
    rows = _some("squad2_dev", [*answerable, *near], 30 if quick else 400, draw)
    questions = [Asked(row["question"], tuple(row["answers"])) for row in answerable]
    questions += [Asked(row["question"], (), near=True) for row in near]
    questions += [Asked(row["question"], ()) for row in foreign]
    return "en", questions, _embedded(rows, embedding)


def _some(name: str, questions: Sequence[dict[str, Any]], size: int, draw: random.Random) -> list[dict[str, Any]]:
    """Return the passages of the questions and others of the set, at least `size`."""
    wanted = {one for row in questions for one in (row["gold_ids"] or [row["near_miss_id"]])}
    rows = read_rows(name, "corpus")
    others = [row for row in rows if row["id"] not in wanted]
    draw.shuffle(others)
    return [row for row in rows if row["id"] in wanted] + others[: max(0, size - len(wanted))]


def _ids(name: str) -> frozenset[str]:
    return frozenset(row["id"] for row in read_rows(name, "corpus"))


def _embedded(rows: list[dict[str, Any]], embedding: EmbeddingModel) -> Passages:
    progress(f"embedding {len(rows)} passages")
    return Passages(rows, embedding.embed_passages([row["text"] for row in rows]))
