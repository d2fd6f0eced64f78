"""Reads: Qdrant's JSON → the engine's requests, and its answers → JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import qdrant_edge as edge

from kb_platform.index.embedded.errors import BadRequest
from kb_platform.index.embedded.filters import read_filter

Json = Mapping[str, Any]
DEFAULT_LIMIT = 10
DEFAULT_RRF_K = 2
"""As Qdrant's server has it."""


def read_query(body: Json, find_vector: FindVector) -> edge.QueryRequest:
    """Return the engine's request. `find_vector` gives the vector of a point that the query names by its id."""
    using = body.get("using")
    prefetches = _prefetches(body, find_vector)
    query = body.get("query")
    return edge.QueryRequest(
        limit=body.get("limit") or DEFAULT_LIMIT,
        offset=body.get("offset"),
        query=_scoring(query, using, find_vector) if query is not None else None,
        prefetches=prefetches,
        with_vector=with_vector(body, default=False),
        with_payload=with_payload(body, default=False),
        filter=_without_itself(query, read_filter(body.get("filter"))),
        score_threshold=body.get("score_threshold"),
        params=_params(body.get("params")),
    )


def read_scroll(body: Json) -> edge.ScrollRequest:
    order = body.get("order_by")
    return edge.ScrollRequest(
        offset=body.get("offset"),
        limit=body.get("limit") or DEFAULT_LIMIT,
        filter=read_filter(body.get("filter")),
        with_payload=with_payload(body, default=True),
        with_vector=with_vector(body, default=False),
        order_by=_order(order) if order is not None else None,
    )


def read_count(body: Json) -> edge.CountRequest:
    return edge.CountRequest(exact=body.get("exact", True) is not False, filter=read_filter(body.get("filter")))


def with_payload(body: Json, default: bool) -> Any:
    wanted = body.get("with_payload")
    if wanted is None:
        return default
    if isinstance(wanted, Mapping):
        if wanted.get("include") is not None:
            return edge.PayloadSelector.Include(wanted["include"])
        return edge.PayloadSelector.Exclude(wanted.get("exclude") or [])
    return wanted


def with_vector(body: Json, default: bool) -> Any:
    wanted = body.get("with_vector")
    return default if wanted is None else wanted


def scored_json(point: edge.ScoredPoint) -> dict[str, Any]:
    answer: dict[str, Any] = {"id": point.id, "version": point.version, "score": point.score}
    return _with_contents(answer, point)


def record_json(record: edge.Record) -> dict[str, Any]:
    answer: dict[str, Any] = {"id": record.id}
    if record.order_value is not None:
        answer["order_value"] = record.order_value
    return _with_contents(answer, record)


def _with_contents(answer: dict[str, Any], point: edge.ScoredPoint | edge.Record) -> dict[str, Any]:
    payload, vector = point.payload, point.vector
    if payload is not None:
        answer["payload"] = payload
    if vector is not None:
        answer["vector"] = vector_json(vector)
    return answer


def vector_json(vector: Any) -> Any:
    if isinstance(vector, Mapping):
        named = {name: vector_json(value) for name, value in vector.items()}
        return named[""] if named.keys() == {""} else named
    if isinstance(vector, edge.SparseVector):
        return {"indices": vector.indices, "values": vector.values}
    return vector


def read_vector(body: Any) -> Any:
    """Return a dense, sparse or multi vector of the engine."""
    if isinstance(body, Mapping):
        if body.keys() != {"indices", "values"}:
            raise BadRequest("a vector is a list of numbers, or indices and values; texts are not embedded here")
        return edge.SparseVector(indices=body["indices"], values=body["values"])
    return body


class FindVector:
    """Gives the vector of a point of the collection, for queries that name a point."""

    def __init__(self, shard: edge.EdgeShard) -> None:
        self._shard = shard

    def __call__(self, point_id: int | str, using: str) -> Any:
        found = self._shard.retrieve([point_id], with_payload=False, with_vector=[using] if using else True)
        vector = found[0].vector if found else None
        if not vector:
            raise BadRequest(f"No point with id {point_id} found")
        return vector[using] if isinstance(vector, Mapping) else vector


def _prefetches(body: Json, find_vector: FindVector) -> list[edge.Prefetch] | None:
    given = body.get("prefetch")
    if not given:
        return None
    return [_prefetch(one, find_vector) for one in (given if isinstance(given, Sequence) else [given])]


def _prefetch(body: Json, find_vector: FindVector) -> edge.Prefetch:
    query = body.get("query")
    return edge.Prefetch(
        limit=body.get("limit") or DEFAULT_LIMIT,
        query=_scoring(query, body.get("using"), find_vector) if query is not None else None,
        prefetches=_prefetches(body, find_vector),
        params=_params(body.get("params")),
        filter=_without_itself(query, read_filter(body.get("filter"))),
        score_threshold=body.get("score_threshold"),
    )


def _scoring(query: Any, using: str | None, find_vector: FindVector) -> Any:
    if isinstance(query, Mapping):
        if "nearest" in query:
            return _scoring(query["nearest"], using, find_vector)
        if "fusion" in query:
            return edge.Fusion.Rrf(k=DEFAULT_RRF_K) if query["fusion"] == "rrf" else edge.Fusion.Dbsf()
        if "rrf" in query:
            rrf = query["rrf"]
            return edge.Fusion.Rrf(k=rrf.get("k") or DEFAULT_RRF_K, weights=rrf.get("weights"))
        if "order_by" in query:
            return _order(query["order_by"])
        if "sample" in query:
            return edge.Sample.Random
        if "indices" not in query:
            raise BadRequest(f"the embedded engine knows no query with {sorted(query)}")
    if isinstance(query, int | str):
        return edge.Query.Nearest(find_vector(query, using or ""), using=using)
    return edge.Query.Nearest(read_vector(query), using=using)


def _without_itself(query: Any, given: edge.Filter | None) -> edge.Filter | None:
    """A point that is searched by is not among what it finds."""
    named = query.get("nearest") if isinstance(query, Mapping) else query
    if not isinstance(named, int | str):
        return given
    return edge.Filter(must=[given] if given else None, must_not=[edge.HasIdCondition({named})])


def _order(body: Any) -> edge.OrderBy:
    if isinstance(body, str):
        return edge.OrderBy(body)
    direction = edge.Direction.Desc if body.get("direction") == "desc" else edge.Direction.Asc
    return edge.OrderBy(body["key"], direction=direction, start_from=body.get("start_from"))


def _params(body: Json | None) -> edge.SearchParams | None:
    if not body:
        return None
    idf, acorn = body.get("idf"), body.get("acorn")
    return edge.SearchParams(
        hnsw_ef=body.get("hnsw_ef"),
        exact=bool(body.get("exact")),
        indexed_only=bool(body.get("indexed_only")),
        acorn=edge.AcornSearchParams(bool(acorn.get("enable")), acorn.get("max_selectivity")) if acorn else None,
        idf=edge.IdfParams(corpus=read_filter(idf.get("corpus"))) if idf else None,
    )
