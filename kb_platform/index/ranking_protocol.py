"""Ranking as one request to an index that ranks beside its points (the embedded engine; Qdrant has no such request)."""

from __future__ import annotations

from typing import Any

from kb_platform.domain.chunk import Scores
from kb_platform.index.ranking import Weights
from kb_platform.index.searching import Json, Query
from kb_platform.index.sparse import SparseVector

RANK_PATH = "/points/rank"
"""Below the collection's address."""


def ranking_request(query: Query, weights: Weights) -> dict[str, Any]:
    return {"query": query, "weights": weights}  # dataclasses are JSON to orjson


def read_ranking_request(body: Json) -> tuple[Query, Weights]:
    """Raises KeyError or TypeError where the body is no such request."""
    query = dict(body["query"])
    query["terms"] = SparseVector(**query["terms"])
    return Query(**query), Weights(**body["weights"])


def ranking_json(ranking: list[tuple[str, Scores]]) -> list[list[Any]]:
    return [[id_, scores.dense, scores.sparse, scores.fused, scores.dense_other] for id_, scores in ranking]


def read_ranking(answer: list[list[Any]]) -> list[tuple[str, Scores]]:
    return [
        (id_, Scores(dense, sparse, fused, dense_other=dense_other))
        for id_, dense, sparse, fused, dense_other in answer
    ]
