"""The order of the passages for one question, before SQL has had its word."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kb_platform.domain.chunk import Scores
from kb_platform.index.fusion import CLEARLY, Feedback, fuse, in_other_language, levelled, order
from kb_platform.index.points import Candidate, PassageVectors
from kb_platform.index.searching import Batch, Query, likeness, look_closer, search
from kb_platform.index.sparse import expansion_vector, is_chinese
from kb_platform.settings import RetrievalSettings

FEWEST_TO_COMPARE = 3
"""With fewer candidates there is no order that a second look could change."""
LIKELY_BEST, LIKELY_BEST_BY_WORDS = 7, 5
"""Among so many of the first order, and of those with most of the question's words, are the best of the order with all
cosines known: what only words found stands too low in the first."""
FEEDBACK_PASSAGES = 5
FEEDBACK_TERMS = 80
FEEDBACK_FALL = 0.07
"""A passage whose fused score is so much lower than the best one's says 1/e as much in the feedback."""
USUAL_GAPS = {"multilingual-e5-small": {"zh": 0.067, "en": -0.02}}
"""By embedding model and the question's language: how much nearer to a question passages of its language that have
nothing to do with it are than such passages of the other language are to its other vector. Measured with questions and
passages of three sets (docs/quality.md, "Across languages")."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much counts what: the dense score of 1 for both kinds, likeness to the best by vector and by words, among
    how many candidates two languages are compared, and their usual gap (None: not known)."""

    dense: float
    feedback: float
    feedback_words: float
    candidates: int
    usual_gap: float | None = None


def weights_for(text: str, settings: RetrievalSettings, embedding_name: str = "") -> Weights:
    """Return the settings' weights for a question."""
    gaps = USUAL_GAPS.get(embedding_name, {})
    if is_chinese(text):
        dense, words, gap = settings.chinese_dense_weight, settings.chinese_feedback_words_weight, gaps.get("zh")
    else:
        dense, words, gap = settings.dense_weight, settings.feedback_words_weight, gaps.get("en")
    return Weights(dense, settings.feedback_weight, words, settings.candidates, gap)


def rank(batch: Batch, query: Query, weights: Weights) -> list[tuple[str, Scores]]:
    """Return (chunk id, scores) best first: at least the query's `limit` best of dense and of sparse search each, and
    of a search with the question's vector as it would be in the other language, if given.

    Three requests to the index: the search; what it left unknown of the candidates, and the best passages' vectors; how
    like the best passages each candidate is. Raises IndexUnavailable.
    """
    candidates = search(batch, query)
    first = _nearness(candidates, weights)
    ids = [id_ for id_, _ in order(candidates, weights.dense, nearness=first)]
    if len(ids) < FEWEST_TO_COMPARE:
        return fuse(candidates, weights.dense, nearness=first)
    closer = look_closer(batch, query, candidates, likely_best(candidates, ids))
    completed = [
        Candidate(
            c.id,
            closer.cosines.get(c.id, c.dense),
            closer.bm25.get(c.id, c.sparse),
            closer.other_cosines.get(c.id, c.other),
        )
        for c in candidates
    ]
    nearness = _nearness(completed, weights)
    foreign = in_other_language(completed, CLEARLY)
    if not closer.vectors or not (weights.feedback or weights.feedback_words):
        return fuse(completed, weights.dense, nearness=nearness, foreign=foreign)
    ordered = order(completed, weights.dense, nearness=nearness, foreign=foreign)
    best = [(closer.vectors[id_], fused) for id_, fused in ordered if id_ in closer.vectors][:FEEDBACK_PASSAGES]
    feedback = _feedback(batch, best, ids, weights)
    alike = levelled(feedback.dense, in_other_language(completed), feedback.dense, weights.candidates)
    return fuse(completed, weights.dense, replace(feedback, dense=alike), nearness, foreign)


def likely_best(candidates: Sequence[Candidate], ids: Sequence[str]) -> list[str]:
    """Return the candidates among which those that give feedback will be; `ids` are all of them in their first order,
    where not every cosine is known."""
    with_words = [(candidate.sparse, candidate.id) for candidate in candidates if candidate.sparse is not None]
    by_words = [id_ for _, id_ in heapq.nlargest(LIKELY_BEST_BY_WORDS, with_words)]
    return list(dict.fromkeys([*ids[:LIKELY_BEST], *by_words]))


def _nearness(candidates: Sequence[Candidate], weights: Weights) -> dict[str, float]:
    """Return how near each passage whose cosine is known is to the question, whatever its language."""
    cosines = {c.id: c.dense for c in candidates if c.dense is not None}
    others = {c.id: c.other for c in candidates if c.other is not None}
    return levelled(cosines, in_other_language(candidates), others, weights.candidates, weights.usual_gap)


def _feedback(
    batch: Batch, best: Sequence[tuple[PassageVectors, float]], ids: Sequence[str], weights: Weights
) -> Feedback:
    """Compare the candidates with the best passages, each of which says as much as its score lets one believe it."""
    beliefs = np.array([math.exp((score - best[0][1]) / FEEDBACK_FALL) for _, score in best], np.float32)
    beliefs /= beliefs.sum()
    centre = beliefs @ np.stack([passage.dense for passage, _ in best])
    words = expansion_vector(
        [(passage.sparse, belief) for (passage, _), belief in zip(best, beliefs.tolist(), strict=True)], FEEDBACK_TERMS
    )
    alike, shared = likeness(batch, centre.tolist(), words, ids)
    # The index gives cosines; passages that agree with each other point further than those that do not.
    length = float(np.linalg.norm(centre))
    return Feedback(
        {id_: length * cosine for id_, cosine in alike.items()},
        shared,
        weights.feedback,
        weights.feedback_words,
    )
