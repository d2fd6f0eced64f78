"""The bodies of the index's requests, in Qdrant's JSON, and its answers read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kb_platform.domain.access import AccessScope
from kb_platform.index.points import IndexedChunk, PassageVectors
from kb_platform.index.sparse import SparseVector, passage_vector

# The low threshold makes the engine link the passages of each knowledge base, however small, among themselves. Without
# it a search of two knowledge bases out of twenty found .46 of the ten nearest, with it .99 (100,000 passages). Links
# for every single document would cost more than they bring: few documents are scanned exactly instead.
COLLECTION: dict[str, Any] = {
    "sparse_vectors": {"sparse": {"modifier": "idf"}},
    "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10},
}
PAYLOAD_INDEXES: dict[str, dict[str, Any]] = {
    "knowledge_base_id": {"type": "keyword", "is_tenant": True},
    "document_id": {"type": "keyword", "enable_hnsw": False},
    "version_id": {"type": "keyword", "enable_hnsw": False},
    "published": {"type": "bool", "enable_hnsw": False},
}
NARROWEST_WALK, WIDEST_WALK = 128, 1024
POINTS_A_CANDIDATE = 1500
MOST_DOCUMENTS_SCANNED = 500
"""So many single documents are scanned exactly; more are searched by a graph walk that minds filters (ACORN)."""


def point_json(chunk: IndexedChunk, published: bool) -> dict[str, Any]:
    terms = passage_vector(chunk.text) if chunk.sparse is None else chunk.sparse
    return {
        "id": chunk.id,
        "vector": {
            "dense": chunk.vector.tolist(),
            "sparse": {"indices": terms.indices, "values": terms.values},
        },
        "payload": {
            "knowledge_base_id": chunk.knowledge_base_id,
            "document_id": chunk.document_id,
            "version_id": chunk.version_id,
            "ordinal": chunk.ordinal,
            "published": published,
            "content_hash": chunk.content_hash,
        },
    }


def walk_breadth(points: int) -> int:
    """Return how many candidates a walk of the graphs keeps in a collection of so many points. The larger a knowledge
    base's graph, the wider the walk that finds its nearest: among a million passages in twenty of them 100 found .88 of
    the ten nearest, 512 .98; among a hundred thousand 128 found .99."""
    return min(WIDEST_WALK, max(NARROWEST_WALK, points // POINTS_A_CANDIDATE))


def how_to_search(scope: AccessScope, breadth: int) -> dict[str, Any]:
    if scope.document_ids is None:
        return {"hnsw_ef": breadth}
    if len(scope.document_ids) <= MOST_DOCUMENTS_SCANNED:
        return {"exact": True}
    return {"hnsw_ef": breadth, "acorn": {"enable": True}}


def nearest(vector: Sequence[float], ids: Sequence[str]) -> dict[str, Any]:
    """Return the query that scores exactly these points."""
    query = {"query": vector, "using": "dense", "params": {"exact": True}}
    return query | {"filter": only_these(ids), "limit": max(1, len(ids))}


def only_these(ids: Sequence[str]) -> dict[str, Any]:
    return {"must": [{"has_id": list(ids)}]}


def read_vectors(vector: Mapping[str, Any]) -> PassageVectors:
    sparse = vector.get("sparse") or {"indices": (), "values": ()}
    return PassageVectors(
        np.asarray(vector["dense"], np.float32), SparseVector(tuple(sparse["indices"]), tuple(sparse["values"]))
    )


def read_scores(answer: Mapping[str, Any]) -> dict[str, float]:
    return {point["id"]: point["score"] for point in answer["points"]}


def having(field: str, value: str) -> dict[str, Any]:
    return {"must": [{"key": field, "match": {"value": value}}]}


def is_empty(scope: AccessScope) -> bool:
    """Whether nothing can be in the scope."""
    return not scope.knowledge_base_ids or scope.document_ids == frozenset()


def allowed(scope: AccessScope) -> dict[str, Any]:
    """Return the filter that every search carries."""
    must: list[dict[str, Any]] = [
        {"key": "published", "match": {"value": True}},
        {"key": "knowledge_base_id", "match": {"any": sorted(scope.knowledge_base_ids)}},
    ]
    if scope.document_ids is not None:
        must.append({"key": "document_id", "match": {"any": sorted(scope.document_ids)}})
    if not scope.hidden_document_ids:
        return {"must": must}
    hidden = {"key": "document_id", "match": {"any": sorted(scope.hidden_document_ids)}}
    return {"must": must, "must_not": [hidden]}
