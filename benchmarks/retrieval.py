"""How often retrieval finds the passage that answers, on labelled question sets, beside three baselines.

Methods: `bm25` and `dense` alone (the platform's own terms and vectors), `hybrid` (what the platform does), `script`
(thirty lines of llama-index and Qdrant with their defaults and the same model). All run against a real embedded
index. `SET.gain_over_METHOD.METRIC` is hybrid minus a baseline, question by question (paired bootstrap), and
`SET.gain.METRIC` the one over the best baseline. `SET.two_parts.*` are pairs of questions put as one. The set
`cross_language` is thirty questions whose answer is in the other language, among passages of both.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, progress
from benchmarks.index_process import running_index
from benchmarks.llama_index_script import index_passages
from benchmarks.question_sets import (
    FOLDER,
    METRICS,
    SETS,
    Passage,
    Question,
    QuestionSet,
    interval,
    load_question_set,
    measure_ranking,
    sample,
)
from benchmarks.two_parts import joined_questions, measure_two_parts
from kb_platform.domain.access import AccessScope
from kb_platform.embedding import EmbeddingModel, load_embedding
from kb_platform.embedding.builtin import builtin_checkpoint
from kb_platform.embedding.languages import in_other_language, way_to_english
from kb_platform.index import IndexedChunk, VectorIndex, point_id
from kb_platform.index.sparse import is_chinese
from kb_platform.settings import EmbeddingSettings, IndexSettings, RetrievalSettings
from tests.translated_pairs import PAIRS

NAME = "retrieval"
KEY_METRICS = {
    "cmrc2018_dev": "hit@1",
    "squad2_dev": "hit@1",
    "hotpotqa_100": "all@10",
    "tatqa_test": "recall@10",
    "rgb_zh_refine": "recall@10",
    "cross_language": "hit@1",
}
QUICK_QUESTIONS = {"rgb_zh_refine": 2}
QUICK_QUESTIONS_ELSE = 10
QUICK_PASSAGES = 24
TWO_PART_SETS = frozenset({"squad2_dev", "cmrc2018_dev"})
TWO_PART_QUESTIONS = 200
CROSS_LANGUAGE_AMONG = ("cmrc2018_dev", "squad2_dev")
CROSS_LANGUAGE_PASSAGES = 300
EMBEDDING_STEP = 256

Rankings = dict[str, list[list[str]]]
"""Method → for each question its passages' ids, best first."""


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures of each set. `quick` takes a few questions and few passages of each: easier, and so higher."""
    if not FOLDER.is_dir():
        raise FileNotFoundError(f"the question sets are not at {FOLDER}")
    with tempfile.TemporaryDirectory() as folder, running_index(Path(folder) / "index") as url:
        embedding = load_embedding(EmbeddingSettings(), Path(folder))
        way = way_to_english(embedding)
        checkpoint = str(builtin_checkpoint(Path(folder)))
        for name in ("cross_language", *SETS):
            question_set = _cross_language_set() if name == "cross_language" else load_question_set(name)
            if quick:
                question_set = sample(question_set, QUICK_QUESTIONS.get(name, QUICK_QUESTIONS_ELSE), QUICK_PASSAGES)
            progress(f"{name}: {len(question_set.passages)} passages, {len(question_set.questions)} questions")
            with closing(_Platform(question_set, embedding, way, url)) as platform:
                rankings = _platform_rankings(question_set, platform)
                if name in TWO_PART_SETS:
                    joined = joined_questions(question_set, QUICK_QUESTIONS_ELSE // 2 if quick else TWO_PART_QUESTIONS)
                    yield from measure_two_parts(NAME, name, joined, platform.hybrid)
            rankings["script"] = _script_rankings(question_set, checkpoint, url)
            yield from _figures(question_set, rankings)


def _cross_language_set() -> QuestionSet:
    """Return the translated pairs' questions, with their passages among as many of either language."""
    passages = [Passage(f"pair-{number}", "", answer) for number, (_, answer) in enumerate(PAIRS)]
    for name in CROSS_LANGUAGE_AMONG:
        passages += load_question_set(name).passages[:CROSS_LANGUAGE_PASSAGES]
    questions = tuple(Question(question, frozenset({f"pair-{number}"})) for number, (question, _) in enumerate(PAIRS))
    return QuestionSet("cross_language", tuple(passages), questions)


class _Platform:
    """One set's passages in the platform's index."""

    def __init__(
        self, question_set: QuestionSet, embedding: EmbeddingModel, way: NDArray[np.float32], url: str
    ) -> None:
        self.embedding = embedding
        self.way = way
        self.index = VectorIndex(
            IndexSettings(url=url, collection_prefix=question_set.name), embedding.name, embedding.dimension
        )
        self.index.ensure_collection()
        self.passage_of = _index_passages(question_set, embedding, self.index)
        self.scope = AccessScope("benchmark", frozenset({question_set.name}))
        self.settings = RetrievalSettings()

    def hybrid(self, text: str) -> list[str]:
        """Return the ids of the ten best passages."""
        return self.ranked(text, self.embedding.embed_query(text))

    def ranked(self, text: str, vector: NDArray[np.float32]) -> list[str]:
        """Likewise, for a question that is embedded already."""
        other = in_other_language(vector, is_chinese=is_chinese(text), way=self.way)
        ranked = self.index.rank(vector, text, self.scope, self.settings, 10, other)
        return [self.passage_of[id_] for id_, _ in ranked[:10]]

    def alone(self, text: str, vector: NDArray[np.float32]) -> tuple[list[str], list[str]]:
        """Return the ten best by words alone, and by vectors alone."""
        candidates = self.index.search(vector, text, self.scope, self.settings.candidates)
        by_bm25 = sorted((c for c in candidates if c.sparse is not None), key=lambda c: -(c.sparse or 0))
        by_cosine = sorted((c for c in candidates if c.dense is not None), key=lambda c: -(c.dense or 0))
        return [self.passage_of[c.id] for c in by_bm25[:10]], [self.passage_of[c.id] for c in by_cosine[:10]]

    def close(self) -> None:
        self.index.close()


def _platform_rankings(question_set: QuestionSet, platform: _Platform) -> Rankings:
    rankings: Rankings = {"bm25": [], "dense": [], "hybrid": []}
    for question in question_set.questions:
        vector = platform.embedding.embed_query(question.text)
        bm25, dense = platform.alone(question.text, vector)
        rankings["bm25"].append(bm25)
        rankings["dense"].append(dense)
        rankings["hybrid"].append(platform.ranked(question.text, vector))
    return rankings


def _index_passages(question_set: QuestionSet, embedding: EmbeddingModel, index: VectorIndex) -> dict[str, str]:
    """Put the passages into the index; return the passage of each point."""
    passage_of: dict[str, str] = {}
    for first in range(0, len(question_set.passages), EMBEDDING_STEP):
        step = question_set.passages[first : first + EMBEDDING_STEP]
        texts = [passage.embedding_text for passage in step]
        chunks = [
            IndexedChunk(
                id=point_id(question_set.name, first + number, embedding.name),
                vector=vector,
                text=text,
                knowledge_base_id=question_set.name,
                document_id=passage.id,
                version_id=passage.id,
                ordinal=first + number,
            )
            for number, (passage, text, vector) in enumerate(
                zip(step, texts, embedding.embed_passages(texts), strict=True)
            )
        ]
        index.upsert(chunks, published=True)
        passage_of |= {chunk.id: passage.id for chunk, passage in zip(chunks, step, strict=True)}
    return passage_of


def _script_rankings(question_set: QuestionSet, checkpoint: str, url: str) -> list[list[str]]:
    retriever = index_passages(((p.id, p.text) for p in question_set.passages), checkpoint, url)
    return [
        list(dict.fromkeys(str(hit.node.ref_doc_id) for hit in retriever.retrieve(question.text)))
        for question in question_set.questions
    ]


def _figures(question_set: QuestionSet, rankings: Mapping[str, Sequence[Sequence[str]]]) -> Iterator[Figure]:
    count = len(question_set.questions)
    values = {
        method: [
            measure_ranking(ranking, question.gold)
            for ranking, question in zip(of_method, question_set.questions, strict=True)
        ]
        for method, of_method in rankings.items()
    }
    for method, measured in values.items():
        for metric in METRICS:
            of_metric = [one[metric] for one in measured]
            figure = f"{question_set.name}.{method}.{metric}"
            yield Figure(NAME, figure, float(np.mean(of_metric)), "share", count, interval(of_metric))
    metric = KEY_METRICS[question_set.name]
    means = {method: np.mean([one[metric] for one in measured]) for method, measured in values.items()}
    baselines = [method for method in means if method != "hybrid"]
    best = max(baselines, key=means.__getitem__)
    for baseline in baselines:
        gains = [ours[metric] - theirs[metric] for ours, theirs in zip(values["hybrid"], values[baseline], strict=True)]
        gain, bounds = float(np.mean(gains)), interval(gains)
        yield Figure(NAME, f"{question_set.name}.gain_over_{baseline}.{metric}", gain, "share", count, bounds)
        if baseline == best:
            yield Figure(NAME, f"{question_set.name}.gain.{metric}", gain, f"over {best}", count, bounds)
