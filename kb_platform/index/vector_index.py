"""The passages' points in Qdrant. Everything here can be rebuilt from SQL; point ids are the chunks' ids."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson
import urllib3
from numpy.typing import NDArray

from kb_platform.domain.access import AccessScope
from kb_platform.domain.errors import IndexUnavailable
from kb_platform.index.points import Candidate, Closer, IndexedChunk, PassageVectors, PointState
from kb_platform.index.requests import (
    COLLECTION,
    NARROWEST_WALK,
    PAYLOAD_INDEXES,
    allowed,
    having,
    how_to_search,
    nearest,
    only_these,
    point_json,
    read_scores,
    read_vectors,
    walk_breadth,
)
from kb_platform.index.sparse import SparseVector, query_vector
from kb_platform.settings import IndexSettings

LAYOUT = 2
"""Raised when what a point holds changes (terms, payload): the collection is then built anew under a new name."""
UPSERT_POINTS = 128
SCROLL_POINTS = 2000
MOST_CONNECTIONS_KEPT = 32
COUNT_AGAIN_SECONDS = 60.0
"""How old the number of points may be by which the breadth of a walk is chosen."""


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
        self._breadth, self._counted_at = NARROWEST_WALK, float("-inf")

    def ensure_collection(self) -> None:
        """Make the collection and its payload indexes where they are missing. Safe to call at once in two processes."""
        if not self._request("GET", "/exists")["exists"]:
            try:
                self._request(
                    "PUT", "", COLLECTION | {"vectors": {"dense": {"size": self.dimension, "distance": "Cosine"}}}
                )
            except IndexUnavailable:
                if not self._request("GET", "/exists")["exists"]:  # made by another process meanwhile
                    raise
        known = self._request("GET", "")["payload_schema"]
        for field, schema in PAYLOAD_INDEXES.items():
            if field not in known:
                self._request("PUT", "/index?wait=true", {"field_name": field, "field_schema": schema})

    def upsert(self, chunks: Sequence[IndexedChunk], published: bool = False) -> None:
        """Write the chunks' points and wait until they are durable. They are found once published."""
        for first in range(0, len(chunks), UPSERT_POINTS):
            points = [point_json(chunk, published) for chunk in chunks[first : first + UPSERT_POINTS]]
            self._request("PUT", "/points?wait=true", {"points": points})

    def publish(self, version_id: str) -> None:
        """Let the version's points be found."""
        self._write("/points/payload", {"payload": {"published": True}, "filter": having("version_id", version_id)})

    def move_document(self, document_id: str, knowledge_base_id: str) -> None:
        """Let the document's points be found in another knowledge base."""
        payload = {"knowledge_base_id": knowledge_base_id}
        self._write("/points/payload", {"payload": payload, "filter": having("document_id", document_id)})

    def delete_version(self, version_id: str) -> None:
        self._delete(having("version_id", version_id))

    def delete_document(self, document_id: str) -> None:
        self._delete(having("document_id", document_id))

    def delete_knowledge_base(self, knowledge_base_id: str) -> None:
        self._delete(having("knowledge_base_id", knowledge_base_id))

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
            found |= {record["id"]: read_vectors(record["vector"]) for record in records}
        return found

    def count(self, version_id: str | None = None) -> int:
        """Return how many points a version has, or all versions together, published or not."""
        body = {"exact": True} | ({"filter": having("version_id", version_id)} if version_id else {})
        return int(self._request("POST", "/points/count", body)["count"])

    def points(self, document_id: str | None = None) -> Iterator[PointState]:
        """Yield the state of every point (of one document, if given), for verification against SQL."""
        wanted = ["version_id", "knowledge_base_id", "content_hash", "published"]
        body = {"limit": SCROLL_POINTS, "with_payload": wanted, "with_vector": False}
        if document_id is not None:
            body["filter"] = having("document_id", document_id)
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
        scope's published ones only, with those nearest to an `other` vector, if given. One request, and once a minute
        one more for the number of points."""
        if not scope.knowledge_base_ids or scope.document_ids == frozenset():
            return []
        shared = {"filter": allowed(scope), "limit": limit}
        near = {"using": "dense"} | shared
        searches = {"dense": {"query": vector.tolist(), "params": how_to_search(scope, self._walk())} | near}
        if other is not None:  # a help, which need not find all that there is
            searches["other"] = {"query": other.tolist(), "params": how_to_search(scope, NARROWEST_WALK)} | near
        terms = query_vector(text)
        if terms.indices:
            query = {"indices": terms.indices, "values": terms.values}
            searches["sparse"] = {"query": query, "using": "sparse"} | shared
        answers = self._batch(list(searches.values()))
        found = {name: read_scores(answer) for name, answer in zip(searches, answers, strict=True)}
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
        searches = [nearest(vector, without_cosine), nearest(vector, best) | {"with_vector": ["dense", "sparse"]}]
        if other is not None:
            searches.append(nearest(other, ids))
        answers = self._batch(searches)
        vectors = {point["id"]: read_vectors(point["vector"]) for point in answers[1]["points"]}
        return Closer(read_scores(answers[0]), vectors, read_scores(answers[2]) if other is not None else {})

    def likeness(
        self, dense: NDArray[np.float32], sparse: SparseVector, ids: Sequence[str]
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Return the cosine and the sum of shared terms of each of these passages with a vector of each kind; none
        where nothing is shared. One request."""
        searches = [nearest(dense, ids)]
        if sparse.indices:
            query = {"indices": sparse.indices, "values": sparse.values}
            searches.append({"query": query, "using": "sparse", "filter": only_these(ids), "limit": max(1, len(ids))})
        scores = [read_scores(answer) for answer in self._batch(searches)]
        return scores[0], scores[1] if sparse.indices else {}

    def close(self) -> None:
        self._http.close()

    def _walk(self) -> int:
        """Return how many candidates a walk of the graphs keeps now."""
        if time.monotonic() >= self._counted_at + COUNT_AGAIN_SECONDS:
            self._counted_at = time.monotonic()
            self._breadth = walk_breadth(self._request("GET", "")["points_count"] or 0)
        return self._breadth

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
