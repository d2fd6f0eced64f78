"""The passages' points in Qdrant. Everything here can be rebuilt from SQL; point ids are the chunks' ids."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson
import urllib3
from numpy.typing import NDArray

from kb_platform.domain.access import AccessScope
from kb_platform.domain.chunk import Scores
from kb_platform.domain.errors import IndexUnavailable
from kb_platform.index.points import Candidate, IndexedChunk, PassageVectors, PointState
from kb_platform.index.ranking import rank, weights_for
from kb_platform.index.ranking_protocol import RANK_PATH, ranking_request, read_ranking
from kb_platform.index.requests import (
    COLLECTION,
    NARROWEST_WALK,
    PAYLOAD_INDEXES,
    allowed,
    having,
    how_to_search,
    is_empty,
    point_json,
    read_vectors,
    walk_breadth,
)
from kb_platform.index.searching import Json, Query, search
from kb_platform.index.sparse import query_vector
from kb_platform.settings import IndexSettings, RetrievalSettings

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
        self.model_name, self.dimension = model_name, dimension
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
        self._root = f"{below}/"
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
        return [] if is_empty(scope) else search(self._batch, self._query(vector, text, scope, limit, other))

    def rank(
        self,
        vector: NDArray[np.float32],
        text: str,
        scope: AccessScope,
        settings: RetrievalSettings,
        limit: int = 0,
        other: NDArray[np.float32] | None = None,
    ) -> list[tuple[str, Scores]]:
        """Return (chunk id, scores) of the scope's published passages, best first, at least `limit` where there are so
        many; see `ranking.rank`. One request to the embedded engine, which ranks beside its points, three to others."""
        if is_empty(scope):
            return []
        query = self._query(vector, text, scope, max(settings.candidates, limit), other)
        weights = weights_for(text, settings, self.model_name)
        if not self._ranks_itself:
            return rank(self._batch, query, weights)
        return read_ranking(self._request("POST", RANK_PATH, ranking_request(query, weights)))

    def close(self) -> None:
        self._http.close()

    def _query(
        self,
        vector: NDArray[np.float32],
        text: str,
        scope: AccessScope,
        limit: int,
        other: NDArray[np.float32] | None,
    ) -> Query:
        return Query(
            vector.tolist(),
            query_vector(text),
            allowed(scope),
            how_to_search(scope, self._walk()),
            limit,
            None if other is None else other.tolist(),
            how_to_search(scope, NARROWEST_WALK),  # a help, which need not find all that there is
        )

    @functools.cached_property
    def _ranks_itself(self) -> bool:
        return bool(self._answer("GET", self._root).get("ranks"))

    def _walk(self) -> int:
        """Return how many candidates a walk of the graphs keeps now."""
        if time.monotonic() >= self._counted_at + COUNT_AGAIN_SECONDS:
            self._counted_at = time.monotonic()
            self._breadth = walk_breadth(self._request("GET", "")["points_count"] or 0)
        return self._breadth

    def _batch(self, searches: list[Json]) -> list[Json]:
        answers: list[Json] = self._request("POST", "/points/query/batch", {"searches": searches})
        return answers

    def _delete(self, which: dict[str, Any]) -> None:
        self._write("/points/delete", {"filter": which})

    def _write(self, path: str, body: dict[str, Any]) -> None:
        self._request("POST", f"{path}?wait=true", body)

    def _request(self, method: str, path: str, body: Json | None = None) -> Any:
        """Return the result of one request to the collection."""
        return self._answer(method, self._path + path, body)["result"]

    def _answer(self, method: str, path: str, body: Json | None = None) -> Any:
        content = b"" if body is None else orjson.dumps(body)
        try:
            response = self._http.urlopen(method, path, body=content)
        except urllib3.exceptions.HTTPError as error:
            raise IndexUnavailable(f"The vector index does not answer: {error}") from error
        if 200 <= response.status < 300:
            return orjson.loads(response.data)
        reason = response.data.decode(errors="replace")[:300]
        raise IndexUnavailable(f"The vector index refused a request ({response.status}): {reason}")
