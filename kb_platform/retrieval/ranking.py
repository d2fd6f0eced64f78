"""The order of the passages for one question, before SQL has had its word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kb_platform.domain.access import AccessScope
from kb_platform.domain.chunk import Scores
from kb_platform.index import PassageVectors, VectorIndex
from kb_platform.index.sparse import expansion_vector, is_chinese
from kb_platform.retrieval.fusion import Feedback, fuse
from kb_platform.settings import RetrievalSettings

FEWEST_TO_COMPARE = 3
"""With fewer candidates there is no order that a second look could change."""
LIKELY_BEST = 10
"""Among so many of the first order are the best of the order with all cosines known."""
FEEDBACK_PASSAGES = 5
FEEDBACK_TERMS = 80
FEEDBACK_FALL = 0.07
"""A passage whose fused score is so much lower than the best one's says 1/e as much in the feedback."""


def rank(
    index: VectorIndex,
    vector: NDArray[np.float32],
    query: str,
    scope: AccessScope,
    limit: int,
    settings: RetrievalSettings,
) -> list[tuple[str, Scores]]:
    """Return (chunk id, scores) best first: at least the `limit` best of dense and of sparse search each.

    Three requests to the index: the search; the best passages' vectors, and the cosines of what only words found;
    how like the best passages each candidate is. Raises IndexUnavailable.
    """
    candidates = index.search(vector, query, scope, max(settings.candidates, limit))
    dense_weight = settings.chinese_dense_weight if is_chinese(query) else settings.dense_weight
    ranked = fuse(candidates, dense_weight)
    if len(ranked) < FEWEST_TO_COMPARE:
        return ranked
    without_cosine = [candidate.id for candidate in candidates if candidate.dense is None]
    cosines, vectors = index.look_closer(vector, without_cosine, [id_ for id_, _ in ranked[:LIKELY_BEST]])
    completed = [replace(c, dense=cosines.get(c.id)) if c.dense is None else c for c in candidates]
    ranked = fuse(completed, dense_weight)
    best = [(vectors[id_], scores.fused) for id_, scores in ranked if id_ in vectors][:FEEDBACK_PASSAGES]
    if not best or not (settings.feedback_weight or settings.feedback_words_weight):
        return ranked
    return fuse(completed, dense_weight, _feedback(index, best, [c.id for c in candidates], settings))


def _feedback(
    index: VectorIndex, best: Sequence[tuple[PassageVectors, float]], ids: Sequence[str], settings: RetrievalSettings
) -> Feedback:
    """Compare the candidates with the best passages, each of which says as much as its score lets one believe it."""
    beliefs = np.array([math.exp((score - best[0][1]) / FEEDBACK_FALL) for _, score in best], np.float32)
    beliefs /= beliefs.sum()
    centre = beliefs @ np.stack([passage.dense for passage, _ in best])
    words = expansion_vector(
        [(passage.sparse, belief) for (passage, _), belief in zip(best, beliefs.tolist(), strict=True)], FEEDBACK_TERMS
    )
    alike, shared = index.likeness(centre, words, ids)
    # The index gives cosines; passages that agree with each other point further than those that do not.
    length = float(np.linalg.norm(centre))
    return Feedback(
        {id_: length * cosine for id_, cosine in alike.items()},
        shared,
        settings.feedback_weight,
        settings.feedback_words_weight,
    )
