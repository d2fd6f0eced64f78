"""Putting dense and sparse scores together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kb_platform.domain.chunk import Scores
from kb_platform.index import Candidate


def fuse(
    candidates: Sequence[Candidate],
    dense_weight: float,
    feedback_weight: float = 0.0,
    likeness: Mapping[str, float] | None = None,
) -> list[tuple[str, Scores]]:
    """Return (chunk id, scores) of the candidates, best first, with `fused` in 0..1.

    Both scores are scaled to 0..1 over the query's candidates and added, weighted (convex combination; Bruch, Gai
    and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval", find it better than rank fusion and
    steady from corpus to corpus). A passage without a term of the question has BM25 0; one without a cosine counts
    as the least near.

    `likeness`, the cosine of each passage to the best one, first moves its cosine by `feedback_weight` times itself.
    That is what a search with the query's vector moved towards the best passage's gives (Rocchio 1971; Li et al.
    2023, "Pseudo Relevance Feedback with Deep Language Models and Dense Retrievers"): it brings up the passage that
    continues what the best one says, the second half of an answer that two passages hold.
    """
    like = likeness or {}
    dense = {c.id: c.dense + feedback_weight * like.get(c.id, 0.0) for c in candidates if c.dense is not None}
    lowest, highest = min(dense.values(), default=0.0), max(dense.values(), default=0.0)
    best_bm25 = max((candidate.sparse or 0.0 for candidate in candidates), default=0.0)

    def fused(candidate: Candidate) -> float:
        scaled = _scaled(dense[candidate.id], lowest, highest) if candidate.id in dense else 0.0
        sparse = (candidate.sparse or 0.0) / best_bm25 if best_bm25 > 0 else 0.0
        return dense_weight * scaled + (1 - dense_weight) * sparse

    scored = [(c.id, Scores(dense=c.dense, sparse=c.sparse, fused=fused(c))) for c in candidates]
    return sorted(scored, key=lambda pair: (-pair[1].fused, pair[0]))


def _scaled(value: float, lowest: float, highest: float) -> float:
    return (value - lowest) / (highest - lowest) if highest > lowest else 1.0
