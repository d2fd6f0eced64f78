"""Putting dense and sparse scores together."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kb_platform.domain.chunk import Scores
from kb_platform.index.points import Candidate


@dataclass(frozen=True, slots=True)
class Feedback:
    """How like the best passages each candidate is: by its vector (`dense`, a cosine) and by its words (`sparse`,
    weights of shared terms), and how much each counts."""

    dense: Mapping[str, float] = field(default_factory=dict)
    sparse: Mapping[str, float] = field(default_factory=dict)
    dense_weight: float = 0.0
    sparse_weight: float = 0.0


NO_FEEDBACK = Feedback()
GAP_WEIGHS = 10
"""The usual gap between two languages counts like so many passages' own."""
CLEARLY = 0.02
"""By so much a passage lies nearer to the question's other vector that it is surely in the other language."""
WORDS_UNSEEN = 0.3
"""A passage in the other language cannot hold the question's words; it counts as if it held so much of its nearness."""


def fuse(
    candidates: Sequence[Candidate],
    dense_weight: float,
    feedback: Feedback = NO_FEEDBACK,
    nearness: Mapping[str, float] | None = None,
    foreign: Collection[str] = frozenset(),
) -> list[tuple[str, Scores]]:
    """Return (chunk id, scores) of the candidates, best first, with `fused` in 0..1; see `order`."""
    raw = {c.id: c for c in candidates}
    ordered = order(candidates, dense_weight, feedback, nearness, foreign)
    return [
        (id_, Scores(dense=raw[id_].dense, sparse=raw[id_].sparse, fused=fused, dense_other=raw[id_].other))
        for id_, fused in ordered
    ]


def order(
    candidates: Sequence[Candidate],
    dense_weight: float,
    feedback: Feedback = NO_FEEDBACK,
    nearness: Mapping[str, float] | None = None,
    foreign: Collection[str] = frozenset(),
) -> list[tuple[str, float]]:
    """Return (chunk id, fused score in 0..1) of the candidates, best first.

    Both scores are scaled to 0..1 over the query's candidates and added, weighted (convex combination; Bruch, Gai
    and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval", find it better than rank fusion and
    steady from corpus to corpus). A passage without a term of the question has BM25 0; one without a cosine counts
    as the least near.

    `nearness` takes the place of the cosines in the sum where these cannot be compared as they are. Words say nothing
    of the `foreign` passages, which are surely in the other language: what they hold is reckoned from their nearness.

    Feedback first moves each cosine by its weight times the likeness to the best passages: what a search with the
    query's vector moved towards theirs gives (Rocchio 1971; Li et al. 2023, "Pseudo Relevance Feedback with Deep
    Language Models and Dense Retrievers"). Then it adds the shared words, scaled like BM25 (a relevance model;
    Lavrenko and Croft 2001, "Relevance-Based Language Models").
    """
    near_to_query = nearness or {c.id: c.dense for c in candidates if c.dense is not None}
    moved = feedback.dense
    dense = {id_: near + feedback.dense_weight * moved.get(id_, 0.0) for id_, near in near_to_query.items()}
    shared = feedback.sparse if feedback.sparse_weight else {}
    lowest, highest = min(dense.values(), default=0.0), max(dense.values(), default=0.0)
    most_sparse = max((c.sparse for c in candidates if c.sparse is not None), default=0.0)
    most_shared = max(shared.values(), default=0.0)
    whole = 1 + (feedback.sparse_weight if most_shared else 0)
    fused = []
    for candidate in candidates:  # some hundred, at each search: the sum is written out
        id_ = candidate.id
        near = _scaled(dense[id_], lowest, highest) if id_ in dense else 0.0
        words = (candidate.sparse or 0.0) / most_sparse if most_sparse > 0 else 0.0
        if id_ in foreign:
            words = max(words, WORDS_UNSEEN * near)
        alike = shared.get(id_, 0.0) / most_shared if most_shared > 0 else 0.0
        total = dense_weight * near + (1 - dense_weight) * words + feedback.sparse_weight * alike
        fused.append((-total / whole, id_))
    fused.sort()
    return [(id_, -negative) for negative, id_ in fused]


def _scaled(value: float, lowest: float, highest: float) -> float:
    return (value - lowest) / (highest - lowest) if highest > lowest else 1.0


def in_other_language(candidates: Sequence[Candidate], by: float = 0.0) -> frozenset[str]:
    """Return the candidates that lie nearer, `by` more than so much, to the question as it would be in the other
    language: they are taken to be in that language."""
    return frozenset(c.id for c in candidates if c.other is not None and (c.dense is None or c.other > c.dense + by))


def levelled(
    cosines: Mapping[str, float],
    foreign: Collection[str],
    foreign_cosines: Mapping[str, float],
    most: int,
    usual_gap: float | None = None,
) -> dict[str, float]:
    """Return the nearness of passages of two languages on one scale: the `foreign` ones count by their other cosine,
    moved so that the nearest `most` of either language are equally near on average. Then the one that stands out
    among its own language's stands out among all.

    Where few are foreign that average says little (one alone would be as near as the very nearest): the `usual_gap`
    between the languages, where it is known, then counts like GAP_WEIGHS of them.
    """
    own = {id_: cosine for id_, cosine in cosines.items() if id_ not in foreign}
    theirs = {id_: cosine for id_, cosine in foreign_cosines.items() if id_ in foreign}
    if not own or not theirs:
        return own | theirs
    size = min(most, len(own), len(theirs))
    gap = _mean_of_best(own.values(), size) - _mean_of_best(theirs.values(), size)
    if usual_gap is not None:
        gap = (size * gap + GAP_WEIGHS * usual_gap) / (size + GAP_WEIGHS)
    return own | {id_: cosine + gap for id_, cosine in theirs.items()}


def _mean_of_best(values: Iterable[float], count: int) -> float:
    return sum(heapq.nlargest(count, values)) / count
