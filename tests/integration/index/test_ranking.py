"""Ranking beside the points gives what ranking over three requests gives."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from kb_platform.domain.access import AccessScope
from kb_platform.index import IndexedChunk, VectorIndex, point_id
from kb_platform.settings import IndexSettings, RetrievalSettings

SUBJECTS = ("library loans", "dormitory keys", "exam dates", "图书馆 借阅", "宿舍 钥匙", "考试 日期")
EVERYTHING = AccessScope("user", frozenset({"kb"}))
LIBRARY = AccessScope("user", frozenset({"kb"}), frozenset({SUBJECTS[0], SUBJECTS[3]}))
DIMENSION = 16


@pytest.fixture
def index(index_url: str) -> VectorIndex:
    """Twenty passages of each subject, whose vectors lie near one another."""
    index = VectorIndex(IndexSettings(url=index_url, collection_prefix=uuid.uuid4().hex), "model", DIMENSION)
    index.ensure_collection()
    rng = np.random.default_rng(0)
    for subject in SUBJECTS:
        centre = _unit(rng.normal(size=DIMENSION))
        index.upsert(
            [
                IndexedChunk(
                    point_id(subject, number, "model"),
                    _unit(centre + rng.normal(scale=0.2, size=DIMENSION)),
                    f"{subject} rule {number}: {'fine ' * (number % 4)}第{number}条",
                    "kb",
                    subject,
                    subject,
                    number,
                )
                for number in range(20)
            ],
            published=True,
        )
    return index


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.mark.parametrize("scope", [EVERYTHING, LIBRARY], ids=["everything", "some documents"])
@pytest.mark.parametrize("text", ["library loans rule 3 fine", "图书馆第7条", "nothing of that"])
@pytest.mark.parametrize("has_other", [True, False], ids=["two languages", "one language"])
def test_the_order_and_the_scores_are_the_same_wherever_it_is_ranked(
    index: VectorIndex, monkeypatch: pytest.MonkeyPatch, scope: AccessScope, text: str, has_other: bool
) -> None:
    rng = np.random.default_rng(1)
    vector, other = (_unit(rng.normal(size=DIMENSION)) for _ in range(2))
    question = (vector, text, scope, RetrievalSettings(candidates=30), 8, other if has_other else None)
    assert index._ranks_itself
    beside = index.rank(*question)
    monkeypatch.setattr(index, "_ranks_itself", False)
    assert beside == index.rank(*question)
    assert len(beside) >= 30
    assert [scores.fused for _, scores in beside] == sorted((scores.fused for _, scores in beside), reverse=True)


def test_every_candidate_is_scored_by_vectors_and_by_words_whichever_found_it(index: VectorIndex) -> None:
    vector = _unit(np.random.default_rng(2).normal(size=DIMENSION))
    found = index.search(vector, "rule 3", EVERYTHING, 10)
    assert any(candidate.dense is None for candidate in found)
    assert any(candidate.sparse is None for candidate in found)
    ranked = index.rank(vector, "rule 3", EVERYTHING, RetrievalSettings(candidates=10))
    assert {id_ for id_, _ in ranked} == {candidate.id for candidate in found}
    assert all(scores.dense is not None and scores.sparse is not None for _, scores in ranked)


def test_an_empty_scope_finds_nothing(index: VectorIndex) -> None:
    vector = np.ones(DIMENSION, np.float32)
    for scope in (AccessScope("user", frozenset()), AccessScope("user", frozenset({"kb"}), frozenset())):
        assert index.rank(vector, "library", scope, RetrievalSettings()) == []
