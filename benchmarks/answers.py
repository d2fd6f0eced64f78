"""Answers without a model on labelled questions: does it answer where the passages do, is it silent where they do not,
and does the citation checker see what was changed.

Questions: Chinese from cmrc2018_dev (answerable) and rgb_zh_refine (elsewhere: asked of cmrc's passages; near: given
only passages on the topic without the answer), English from squad2_dev (answerable; near: its unanswerable questions)
and hotpotqa_100 (elsewhere: asked of squad's passages). The same sample in every run.

Retrieval here is exact search by embedding over the set's passages; the retrieval benchmark measures the real one.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.checking import measure_checker
from benchmarks.figures import Figure, progress
from benchmarks.labelled import as_hit, letters, read_rows, share
from inference.evidence import weigh_passages, worth_giving
from inference.extractive import extract_answer
from inference.markers import without_markers
from kb_platform.domain.answer import Source
from kb_platform.embedding import EmbeddingModel, load_embedding
from kb_platform.settings import AnsweringSettings, EmbeddingSettings

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


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures of the extractive answerer and of the citation checker."""
    with tempfile.TemporaryDirectory() as folder:
        embedding = load_embedding(EmbeddingSettings(), Path(folder))
        size = 12 if quick else 100
        for language, questions, passages in (_chinese(size, quick, embedding), _english(size, quick, embedding)):
            yield from _answers(language, questions, passages, embedding)
        yield from measure_checker(8 if quick else 60, embedding)


def _answers(
    language: str, questions: Sequence[Asked], passages: Passages, embedding: EmbeddingModel
) -> Iterator[Figure]:
    border = AnsweringSettings().abstain_below
    answered: dict[str, list[bool]] = {"answerable": [], "near": [], "elsewhere": []}
    right: list[bool] = []
    cited = carried = sentences = 0
    for number, asked in enumerate(questions):
        progress(f"{language} {number + 1}/{len(questions)}") if number % 25 == 0 else None
        found = passages.find(asked.text, embedding, asked.only)
        speaks = weigh_passages(asked.text, found, embedding.name) >= border
        kind = "answerable" if asked.answers else ("near" if asked.near else "elsewhere")
        answered[kind].append(speaks)
        if not speaks or not asked.answers:
            continue
        given = worth_giving([asked.text], found, embedding.name)
        extract = extract_answer([asked.text], given, embedding)
        if extract is None:
            right.append(False)
            continue
        plain = letters(without_markers(extract.text))
        right.append(any(letters(answer) in plain for answer in asked.answers))
        sentences += len(extract.citations)
        texts = {source.number: source.hit.text for source in given}
        for citation in extract.citations:
            cited += 1
            said = without_markers(extract.text[citation.sentence_start : citation.sentence_end])
            evidence = texts[citation.number][citation.evidence_start : citation.evidence_end]
            carried += letters(said) == letters(evidence)
    prefix = f"{language}.extractive"
    yield share(f"{prefix}.citation_precision", carried, cited)
    yield share(f"{prefix}.citation_recall", carried, sentences)
    yield share(f"{prefix}.answer_holds_gold", sum(right), len(right))
    silent = [*answered["near"], *answered["elsewhere"]]
    yield share(f"{prefix}.false_answers", sum(silent), len(silent))
    for kind in ("near", "elsewhere"):
        yield share(f"{prefix}.false_answers_{kind}", sum(answered[kind]), len(answered[kind]))
    answerable = answered["answerable"]
    yield share(f"{prefix}.false_refusals", len(answerable) - sum(answerable), len(answerable))


def _chinese(size: int, quick: bool, embedding: EmbeddingModel) -> tuple[str, list[Asked], Passages]:
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


def _english(size: int, quick: bool, embedding: EmbeddingModel) -> tuple[str, list[Asked], Passages]:
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
