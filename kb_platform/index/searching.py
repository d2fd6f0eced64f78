"""What one question asks of an index, in Qdrant's JSON, wherever the answers come from: another process by HTTP, or the
engine itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kb_platform.index.points import Candidate, Closer
from kb_platform.index.requests import nearest, only_these, read_scores, read_vectors
from kb_platform.index.sparse import SparseVector

Json = Mapping[str, Any]
Batch = Callable[[list[Json]], list[Json]]
"""Searches → the answer to each. Raises IndexUnavailable where the index does not answer."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for and where: the question's vector and terms, its vector as it would be in the other language
    (None: not searched for), the filter of its scope, how the engine shall walk, and how many passages each search
    brings."""

    dense: Sequence[float]
    terms: SparseVector
    filter: Json
    params: Json
    limit: int
    other: Sequence[float] | None = None
    other_params: Json | None = None


def search(batch: Batch, query: Query) -> list[Candidate]:
    """Return the union of the `limit` nearest passages and the `limit` best by BM25, in no order, with those nearest
    to the `other` vector, if given. One request."""
    shared = {"filter": query.filter, "limit": query.limit}
    searches = {"dense": {"query": query.dense, "using": "dense", "params": query.params} | shared}
    if query.other is not None:
        searches["other"] = {"query": query.other, "using": "dense", "params": query.other_params} | shared
    if query.terms.indices:
        searches["sparse"] = _by_terms(query.terms) | shared
    answers = batch(list(searches.values()))
    found = {name: read_scores(answer) for name, answer in zip(searches, answers, strict=True)}
    cosines, bm25, others = found["dense"], found.get("sparse", {}), found.get("other", {})
    ids = cosines.keys() | bm25.keys() | others.keys()
    return [Candidate(id_, cosines.get(id_), bm25.get(id_), others.get(id_)) for id_ in ids]


def look_closer(batch: Batch, query: Query, candidates: Sequence[Candidate], best: Sequence[str]) -> Closer:
    """Return what the search left unknown of the candidates (cosines of what only words found, BM25 of what only
    vectors found, cosines to the `other` vector), and the vectors of the best. One request."""
    ids = [candidate.id for candidate in candidates]
    searches: dict[str, Json] = {
        "cosines": nearest(query.dense, [c.id for c in candidates if c.dense is None]),
        "vectors": nearest(query.dense, best) | {"with_vector": ["dense", "sparse"]},
    }
    if query.terms.indices:
        searches["bm25"] = _by_terms_among(query.terms, [c.id for c in candidates if c.sparse is None])
    if query.other is not None:
        searches["others"] = nearest(query.other, ids)
    answers = dict(zip(searches, batch(list(searches.values())), strict=True))
    scores = {name: read_scores(answer) for name, answer in answers.items() if name != "vectors"}
    vectors = {point["id"]: read_vectors(point["vector"]) for point in answers["vectors"]["points"]}
    return Closer(scores["cosines"], scores.get("bm25", {}), scores.get("others", {}), vectors)


def likeness(
    batch: Batch, dense: Sequence[float], terms: SparseVector, ids: Sequence[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the cosine and the sum of shared terms of each of these passages with a vector of each kind; none where
    nothing is shared. One request."""
    searches: list[Json] = [nearest(dense, ids)]
    if terms.indices:
        searches.append(_by_terms_among(terms, ids))
    scores = [read_scores(answer) for answer in batch(searches)]
    return scores[0], scores[1] if terms.indices else {}


def _by_terms(terms: SparseVector) -> dict[str, Any]:
    return {"query": {"indices": terms.indices, "values": terms.values}, "using": "sparse"}


def _by_terms_among(terms: SparseVector, ids: Sequence[str]) -> dict[str, Any]:
    """Return the query that scores those of these points that hold one of the terms."""
    return _by_terms(terms) | {"filter": only_these(ids), "limit": max(1, len(ids))}
