"""The order of the passages for one question, before SQL has had its word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kb_platform.domain.access import AccessScope
from kb_platform.domain.chunk import Scores
from kb_platform.index import VectorIndex
from kb_platform.retrieval.fusion import fuse, fuse_with_feedback
from kb_platform.settings import RetrievalSettings

FEWEST_FOR_FEEDBACK = 3
"""With fewer candidates there is no order that likeness to the best one could change."""


def rank(
    index: VectorIndex,
    vector: NDArray[np.float32],
    query: str,
    scope: AccessScope,
    limit: int,
    settings: RetrievalSettings,
) -> list[tuple[str, Scores]]:
    """Return (chunk id, scores) best first: at least the `limit` best of dense and of sparse search each.

    One request to the index, and with feedback a second small one. Raises IndexUnavailable.
    """
    candidates = index.search(vector, query, scope, max(settings.candidates, limit))
    ranked = fuse(candidates, settings.dense_weight)
    if settings.feedback_weight == 0 or len(ranked) < FEWEST_FOR_FEEDBACK:
        return ranked
    best, *others = [id_ for id_, _ in ranked]
    likeness = index.likeness(best, others)
    return fuse_with_feedback(candidates, likeness, settings.dense_weight, settings.feedback_weight)
