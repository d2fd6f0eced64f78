"""Putting dense and sparse scores together."""

from __future__ import annotations

from collections.abc import Sequence

from kb_platform.domain.chunk import Scores
from kb_platform.index import Candidate


def fuse(candidates: Sequence[Candidate], dense_weight: float) -> list[tuple[str, Scores]]:
    """Return (chunk id, scores) of the candidates, best first, with `fused` in 0..1.

    Both scores are scaled to 0..1 over the query's candidates and added, weighted (convex combination; Bruch, Gai
    and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval", find it better than rank fusion and
    steady from corpus to corpus). A passage without a term of the question has BM25 0.
    """
    cosines = [candidate.dense for candidate in candidates if candidate.dense is not None]
    lowest, highest = min(cosines, default=0.0), max(cosines, default=0.0)
    best_bm25 = max((candidate.sparse or 0.0 for candidate in candidates), default=0.0)

    def fused(candidate: Candidate) -> float:
        dense = 0.0 if candidate.dense is None else _scaled(candidate.dense, lowest, highest)
        sparse = (candidate.sparse or 0.0) / best_bm25 if best_bm25 > 0 else 0.0
        return dense_weight * dense + (1 - dense_weight) * sparse

    scored = [(c.id, Scores(dense=c.dense, sparse=c.sparse, fused=fused(c))) for c in candidates]
    return sorted(scored, key=lambda pair: (-pair[1].fused, pair[0]))


def _scaled(value: float, lowest: float, highest: float) -> float:
    return (value - lowest) / (highest - lowest) if highest > lowest else 1.0
