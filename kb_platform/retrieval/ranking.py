"""The order of the passages for one question, before SQL has had its word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kb_platform.domain.access import AccessScope
from kb_platform.domain.chunk import Scores
from kb_platform.index import VectorIndex
from kb_platform.retrieval.fusion import fuse
from kb_platform.settings import RetrievalSettings

FEWEST_TO_COMPARE = 3
"""With fewer candidates there is no order that a second look could change."""


def rank(
    index: VectorIndex,
    vector: NDArray[np.float32],
    query: str,
    scope: AccessScope,
    limit: int,
    settings: RetrievalSettings,
) -> list[tuple[str, Scores]]:
    """Return (chunk id, scores) best first: at least the `limit` best of dense and of sparse search each.

    Two requests to the index: the search, and a small one that gives BM25's finds their cosine and tells how like
    the best passage each one is. Raises IndexUnavailable.
    """
    candidates = index.search(vector, query, scope, max(settings.candidates, limit))
    ranked = fuse(candidates, settings.dense_weight)
    if len(ranked) < FEWEST_TO_COMPARE:
        return ranked
    best, *others = [id_ for id_, _ in ranked]
    without_cosine = [candidate.id for candidate in candidates if candidate.dense is None]
    cosines, likeness = index.compare(vector, without_cosine, best, others)
    completed = [replace(c, dense=cosines.get(c.id)) if c.dense is None else c for c in candidates]
    return fuse(completed, settings.dense_weight, settings.feedback_weight, likeness | {best: 1.0})
