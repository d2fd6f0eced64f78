"""Every request of the vector index is one that Qdrant's own client could have sent: checked by its models, which
forbid unknown fields."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel
from qdrant_client.http import models

from kb_platform.domain.access import AccessScope
from kb_platform.index import IndexedChunk, VectorIndex, point_id
from kb_platform.index.points import Candidate
from kb_platform.index.searching import likeness, look_closer
from kb_platform.settings import IndexSettings, RetrievalSettings

BODIES: dict[tuple[str, str], type[BaseModel]] = {
    ("PUT", ""): models.CreateCollection,
    ("PUT", "/index"): models.CreateFieldIndex,
    ("PUT", "/points"): models.PointsList,
    ("POST", "/points"): models.PointRequest,
    ("POST", "/points/payload"): models.SetPayload,
    ("POST", "/points/count"): models.CountRequest,
    ("POST", "/points/scroll"): models.ScrollRequest,
    ("POST", "/points/query/batch"): models.QueryRequestBatch,
}
DELETIONS: dict[str, type[BaseModel]] = {"points": models.PointIdsList, "filter": models.FilterSelector}


def test_every_request_is_of_qdrants_protocol(index_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str, dict[str, Any]]] = []
    request = VectorIndex._request

    def recorded(self: VectorIndex, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if body is not None:
            sent.append((method, path.partition("?")[0], body))
        return request(self, method, path, body)

    monkeypatch.setattr(VectorIndex, "_request", recorded)
    monkeypatch.setattr(VectorIndex, "_ranks_itself", False)  # as at a Qdrant server
    _use_everything(VectorIndex(IndexSettings(url=index_url, collection_prefix=uuid.uuid4().hex), "model", 4))

    seen = set()
    for method, path, body in sent:
        model = DELETIONS[next(iter(body))] if path == "/points/delete" else BODIES[method, path]
        model.model_validate(body)
        seen.add((method, path))
    assert seen == BODIES.keys() | {("POST", "/points/delete")}


def _use_everything(index: VectorIndex) -> None:
    index.ensure_collection()
    vector = np.array([1, 0, 0, 0], np.float32)
    id_, *others = ids = [point_id("v", ordinal, "model") for ordinal in range(4)]
    for ordinal, one in enumerate(ids):  # with fewer nothing is looked at a second time
        index.upsert([IndexedChunk(one, vector, "library 图书馆", "kb", "document", "v", ordinal)])
    index.publish("v")
    scope = AccessScope("user", frozenset({"kb"}), frozenset({"document"}))
    assert {candidate.id for candidate in index.search(vector, "library", scope, 5)} == set(ids)
    assert {candidate.id for candidate in index.search(vector, "library", scope, 5, vector)} == set(ids)
    but_it = replace(scope, document_ids=None, hidden_document_ids=frozenset({"document"}))
    assert index.search(vector, "library", but_it, 5, vector) == []
    ranked = index.rank(vector, "library", scope, RetrievalSettings(), other=vector)
    assert {id_: scores.dense for id_, scores in ranked} == dict.fromkeys(ids, pytest.approx(1.0))
    query = index._query(vector, "library", scope, 5, vector)
    closer = look_closer(index._batch, query, [Candidate(id_, None, None, None)], [id_])
    assert closer.cosines == closer.other_cosines == {id_: pytest.approx(1.0)}
    assert closer.bm25[id_] > 0
    assert closer.vectors[id_].sparse.indices
    alike, shared = likeness(index._batch, query.dense, closer.vectors[id_].sparse, [id_])
    assert alike == {id_: pytest.approx(1.0)}
    assert shared[id_] > 0
    many = replace(scope, document_ids=frozenset(map(str, range(1000))))
    assert index.search(vector, "library", many, 5) == []
    assert index.vectors(ids).keys() == set(ids)
    index.delete(others)
    assert index.count() == index.count("v") == 1
    assert [(point.id, point.version_id) for point in index.points()] == [(id_, "v")]
    index.delete([id_])
    index.delete_version("v")
    index.delete_document("document")
    index.delete_knowledge_base("kb")
