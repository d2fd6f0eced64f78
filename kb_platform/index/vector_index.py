"""The passages' points in Qdrant. Everything here can be rebuilt from SQL; point ids are the chunks' ids."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import urllib3
from numpy.typing import NDArray

from kb_platform.domain.access import AccessScope
from kb_platform.domain.errors import IndexUnavailable
from kb_platform.index.sparse import SparseVector, passage_vector, query_vector
from kb_platform.settings import IndexSettings

NAMESPACE = uuid.UUID("6f1dbe1e-0d5c-5a6f-9d0b-5c9f0a6a5f0e")
LAYOUT = 2
"""Raised when what a point holds changes (terms, payload): the collection is then built anew under a new name."""
UPSERT_POINTS = 128
SCROLL_POINTS = 2000
MOST_CONNECTIONS_KEPT = 32


@dataclass(frozen=True, slots=True)
class IndexedChunk:
    """A chunk as it goes into the index. `text` makes the sparse vector (context included) where that is not known; it
    is not stored. `content_hash` tells later what the point was made from."""

    id: str
    vector: NDArray[np.float32]
    text: str
    knowledge_base_id: str
    document_id: str
    version_id: str
    ordinal: int
    content_hash: str = ""
    sparse: SparseVector | None = None


@dataclass(frozen=True, slots=True)
class PointState:
    """What the index holds of a chunk: enough to tell whether it is what SQL says."""

    id: str
    version_id: str
    knowledge_base_id: str
    content_hash: str
    is_published: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point that a search found: raw cosine and raw BM25, and the cosine to an `other` vector, None where that side
    did not bring it."""

    id: str
    dense: float | None
    sparse: float | None
    other: float | None = None


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """What a passage's point holds, as `passage_vector` and the embedding model made it."""

    dense: NDArray[np.float32]
    sparse: SparseVector


@dataclass(frozen=True, slots=True)
class Closer:
    """What a second look at candidates told: cosines to the query, vectors, cosines to another vector."""

    cosines: dict[str, float]
    vectors: dict[str, PassageVectors]
    other_cosines: dict[str, float]


def point_id(version_id: str, ordinal: int, embedding_model: str) -> str:
    """Return the UUID of a chunk's point: the same again for the same version, place and model."""
    return str(uuid.uuid5(NAMESPACE, f"{version_id}/{ordinal}/{embedding_model}"))


class VectorIndex:
    """The collection of one embedding model. Threads may share it.

    Every method raises IndexUnavailable when the index does not answer.
    """

    def __init__(self, settings: IndexSettings, model_name: str, dimension: int) -> None:
        self.collection = f"{settings.collection_prefix}-{model_name}-{dimension}-{LAYOUT}"
        self.dimension = dimension
        key = settings.api_key.get_secret_value() if settings.api_key else None
        # Plain requests, not qdrant-client: its checks of every number and hit cost milliseconds a search, and its
        # import costs each process a second. By urllib3: a request takes it a fourth of httpx's time.
        self._http = urllib3.connectionpool.connection_from_url(
            settings.url.rstrip("/"),
            headers={"content-type": "application/json"} | ({"api-key": key} if key else {}),
            timeout=settings.timeout_seconds,
            maxsize=MOST_CONNECTIONS_KEPT,
            retries=urllib3.Retry(total=None, connect=0, read=0, redirect=0, status=0, other=0),
        )
        below = (urllib3.util.parse_url(settings.url).path or "").rstrip("/")
        self._path = f"{below}/collections/{self.collection}"

    def ensure_collection(self) -> None:
        """Make the collection and its payload indexes where they are missing. Safe to call at once in two processes."""
        if not self._request("GET", "/exists")["exists"]:
            try:
                self._request(
                    "PUT", "", _COLLECTION | {"vectors": {"dense": {"size": self.dimension, "distance": "Cosine"}}}
                )
            except IndexUnavailable:
                if not self._request("GET", "/exists")["exists"]:  # made by another process meanwhile
                    raise
        known = self._request("GET", "")["payload_schema"]
        for field, schema in _PAYLOAD_INDEXES.items():
            if field not in known:
                self._request("PUT", "/index?wait=true", {"field_name": field, "field_schema": schema})

    def upsert(self, chunks: Sequence[IndexedChunk], published: bool = False) -> None:
        """Write the chunks' points and wait until they are durable. They are found once published."""
        for first in range(0, len(chunks), UPSERT_POINTS):
            points = [_point_json(chunk, published) for chunk in chunks[first : first + UPSERT_POINTS]]
            self._request("PUT", "/points?wait=true", {"points": points})

    def publish(self, version_id: str) -> None:
        """Let the version's points be found."""
        self._write("/points/payload", {"payload": {"published": True}, "filter": _where("version_id", version_id)})

    def move_document(self, document_id: str, knowledge_base_id: str) -> None:
        """Let the document's points be found in another knowledge base."""
        payload = {"knowledge_base_id": knowledge_base_id}
        self._write("/points/payload", {"payload": payload, "filter": _where("document_id", document_id)})

    def delete_version(self, version_id: str) -> None:
        self._delete(_where("version_id", version_id))

    def delete_document(self, document_id: str) -> None:
        self._delete(_where("document_id", document_id))

    def delete_knowledge_base(self, knowledge_base_id: str) -> None:
        self._delete(_where("knowledge_base_id", knowledge_base_id))

    def delete(self, ids: Sequence[str]) -> None:
        """Remove single points (orphans that a verification found)."""
        if ids:
            self._write("/points/delete", {"points": list(ids)})

    def vectors(self, ids: Sequence[str]) -> dict[str, PassageVectors]:
        """Return the vectors of those of the points that there are."""
        found: dict[str, PassageVectors] = {}
        for first in range(0, len(ids), SCROLL_POINTS):
            some = list(ids[first : first + SCROLL_POINTS])
            body = {"ids": some, "with_payload": False, "with_vector": ["dense", "sparse"]}
            records = self._request("POST", "/points", body)
            found |= {record["id"]: _passage_vectors(record["vector"]) for record in records}
        return found

    def count(self, version_id: str | None = None) -> int:
        """Return how many points a version has, or all versions together, published or not."""
        body = {"exact": True} | ({"filter": _where("version_id", version_id)} if version_id else {})
        return int(self._request("POST", "/points/count", body)["count"])

    def points(self, document_id: str | None = None) -> Iterator[PointState]:
        """Yield the state of every point (of one document, if given), for verification against SQL."""
        wanted = ["version_id", "knowledge_base_id", "content_hash", "published"]
        body = {"limit": SCROLL_POINTS, "with_payload": wanted, "with_vector": False}
        if document_id is not None:
            body["filter"] = _where("document_id", document_id)
        offset: str | None = None
        while True:
            page = self._request("POST", "/points/scroll", body | {"offset": offset})
            for record in page["points"]:
                payload = record["payload"]
                yield PointState(
                    record["id"],
                    payload["version_id"],
                    payload["knowledge_base_id"],
                    payload.get("content_hash", ""),
                    payload["published"],
                )
            offset = page["next_page_offset"]
            if offset is None:
                return

    def search(
        self,
        vector: NDArray[np.float32],
        text: str,
        scope: AccessScope,
        limit: int,
        other: NDArray[np.float32] | None = None,
    ) -> list[Candidate]:
        """Return the union of the `limit` nearest passages and the `limit` best by BM25, in no order, out of the
        scope's published ones only, with those nearest to an `other` vector, if given. One request."""
        if not scope.knowledge_base_ids or scope.document_ids == frozenset():
            return []
        shared = {"filter": _allowed(scope), "limit": limit}
        near = {"using": "dense", "params": _how_to_search(scope)} | shared
        searches = {"dense": {"query": vector.tolist()} | near}
        if other is not None:
            searches["other"] = {"query": other.tolist()} | near
        terms = query_vector(text)
        if terms.indices:
            query = {"indices": terms.indices, "values": terms.values}
            searches["sparse"] = {"query": query, "using": "sparse"} | shared
        answers = self._batch(list(searches.values()))
        found = {name: _scores(answer) for name, answer in zip(searches, answers, strict=True)}
        cosines, bm25, others = found["dense"], found.get("sparse", {}), found.get("other", {})
        ids = cosines.keys() | bm25.keys() | others.keys()
        return [Candidate(id_, cosines.get(id_), bm25.get(id_), others.get(id_)) for id_ in ids]

    def look_closer(
        self,
        vector: NDArray[np.float32],
        without_cosine: Sequence[str],
        best: Sequence[str],
        other: NDArray[np.float32] | None = None,
        ids: Sequence[str] = (),
    ) -> Closer:
        """Return the cosines of the vector to some passages, the vectors of the best ones, and the cosines of an
        `other` vector, if given, to `ids`. One request."""
        searches = [_nearest(vector, without_cosine), _nearest(vector, best) | {"with_vector": ["dense", "sparse"]}]
        if other is not None:
            searches.append(_nearest(other, ids))
        answers = self._batch(searches)
        vectors = {point["id"]: _passage_vectors(point["vector"]) for point in answers[1]["points"]}
        return Closer(_scores(answers[0]), vectors, _scores(answers[2]) if other is not None else {})

    def likeness(
        self, dense: NDArray[np.float32], sparse: SparseVector, ids: Sequence[str]
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Return the cosine and the sum of shared terms of each of these passages with a vector of each kind; none
        where nothing is shared. One request."""
        searches = [_nearest(dense, ids)]
        if sparse.indices:
            query = {"indices": sparse.indices, "values": sparse.values}
            searches.append({"query": query, "using": "sparse", "filter": _only(ids), "limit": max(1, len(ids))})
        scores = [_scores(answer) for answer in self._batch(searches)]
        return scores[0], scores[1] if sparse.indices else {}

    def close(self) -> None:
        self._http.close()

    def _batch(self, searches: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = self._request("POST", "/points/query/batch", {"searches": searches})
        return answers

    def _delete(self, which: dict[str, Any]) -> None:
        self._write("/points/delete", {"filter": which})

    def _write(self, path: str, body: dict[str, Any]) -> None:
        self._request("POST", f"{path}?wait=true", body)

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return the result of one request to the collection."""
        content = b"" if body is None else orjson.dumps(body)
        try:
            response = self._http.urlopen(method, self._path + path, body=content)
        except urllib3.exceptions.HTTPError as error:
            raise IndexUnavailable(f"The vector index does not answer: {error}") from error
        if 200 <= response.status < 300:
            return orjson.loads(response.data)["result"]
        reason = response.data.decode(errors="replace")[:300]
        raise IndexUnavailable(f"The vector index refused a request ({response.status}): {reason}")


# The low threshold makes the engine link the passages of each knowledge base, however small, among themselves. Without
# it a search of two knowledge bases out of twenty found .46 of the ten nearest, with it .99 (100,000 passages). Links
# for every single document would cost more than they bring: few documents are scanned exactly instead.
_COLLECTION: dict[str, Any] = {
    "sparse_vectors": {"sparse": {"modifier": "idf"}},
    "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10},
}
_PAYLOAD_INDEXES: dict[str, dict[str, Any]] = {
    "knowledge_base_id": {"type": "keyword", "is_tenant": True},
    "document_id": {"type": "keyword", "enable_hnsw": False},
    "version_id": {"type": "keyword", "enable_hnsw": False},
    "published": {"type": "bool", "enable_hnsw": False},
}
MOST_DOCUMENTS_SCANNED = 500
"""So many single documents are scanned exactly; more are searched by a graph walk that minds filters (ACORN)."""


def _point_json(chunk: IndexedChunk, published: bool) -> dict[str, Any]:
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


def _how_to_search(scope: AccessScope) -> dict[str, Any]:
    if scope.document_ids is None:
        return {}
    if len(scope.document_ids) <= MOST_DOCUMENTS_SCANNED:
        return {"exact": True}
    return {"acorn": {"enable": True}}


def _nearest(vector: NDArray[np.float32], ids: Sequence[str]) -> dict[str, Any]:
    """Return the query that scores exactly these points."""
    query = {"query": vector.tolist(), "using": "dense", "params": {"exact": True}}
    return query | {"filter": _only(ids), "limit": max(1, len(ids))}


def _only(ids: Sequence[str]) -> dict[str, Any]:
    return {"must": [{"has_id": list(ids)}]}


def _passage_vectors(vector: dict[str, Any]) -> PassageVectors:
    sparse = vector.get("sparse") or {"indices": (), "values": ()}
    return PassageVectors(
        np.asarray(vector["dense"], np.float32), SparseVector(tuple(sparse["indices"]), tuple(sparse["values"]))
    )


def _scores(answer: dict[str, Any]) -> dict[str, float]:
    return {point["id"]: point["score"] for point in answer["points"]}


def _where(field: str, value: str) -> dict[str, Any]:
    return {"must": [{"key": field, "match": {"value": value}}]}


def _allowed(scope: AccessScope) -> dict[str, Any]:
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
