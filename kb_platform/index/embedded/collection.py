"""One collection: a folder with its description and one shard of the engine."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from kb_platform.index.embedded.errors import BadRequest
from kb_platform.index.embedded.queries import FindVector, read_query, scored_json

logger = logging.getLogger(__name__)
Json = Mapping[str, Any]

DESCRIPTION = "collection.json"
HNSW_DEFAULTS = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000}
INDEXING_THRESHOLD_KIB = 10_000
"""Both as Qdrant's server has them."""
DISTANCES = {
    "Cosine": edge.Distance.Cosine,
    "Euclid": edge.Distance.Euclid,
    "Dot": edge.Distance.Dot,
    "Manhattan": edge.Distance.Manhattan,
}


class Collection:
    """An open collection. Not for threads: the engine holds Python's lock while it works, so the server calls it
    from its one event loop.

    `shard` may be replaced by an optimised copy (see `optimizing`); updates made meanwhile are remembered by whoever
    set `on_update`.
    """

    def __init__(self, folder: Path, name: str, description: Json, shard_name: str, shard: edge.EdgeShard) -> None:
        self.folder = folder
        self.name = name
        self.description = description
        self.shard_name = shard_name
        self.shard = shard
        self.on_update: Callable[[edge.UpdateOperation, int], None] | None = None
        self.writable = asyncio.Event()
        """Not set while the shard is copied; updates wait, queries do not."""
        self.writable.set()
        self.updates = 0
        self.deleted = 0
        self.unflushed = False

    @property
    def dense_sizes(self) -> dict[str, int]:
        """The dimension of each dense vector; the unnamed one's name is empty."""
        return {name: params["size"] for name, params in _dense(self.description).items()}

    @property
    def indexing_threshold_kib(self) -> int:
        """KiB of vectors under which the engine builds no graph over a segment."""
        return (self.description.get("optimizers_config") or {}).get("indexing_threshold") or INDEXING_THRESHOLD_KIB

    @property
    def vectors_per_point(self) -> int:
        return len(self.dense_sizes) + len(self.description.get("sparse_vectors") or {})

    def update(self, operation: edge.UpdateOperation, size: int = 0) -> None:
        """Apply the operation, whose request had `size` bytes; it survives a kill of this process once this returns.
        Not while not `writable`."""
        before = self.shard.info().points_count
        call_engine(self.shard.update, operation)
        self.updates += 1
        self.deleted += max(0, before - self.shard.info().points_count)
        self.unflushed = True
        if self.on_update is not None:
            self.on_update(operation, size)

    def query(self, bodies: list[Json]) -> list[list[edge.ScoredPoint]]:
        """Answer one or several queries."""
        find_vector = FindVector(self.shard)
        requests = [call_engine(read_query, body, find_vector) for body in bodies]
        if len(requests) == 1:
            return [call_engine(self.shard.query, requests[0])]
        answers: list[list[edge.ScoredPoint]] = call_engine(self.shard.query_batch, edge.QueryBatchRequest(requests))
        return answers

    def answer(self, bodies: list[Json]) -> list[Json]:
        """Answer one or several queries in the protocol's words."""
        return [{"points": [scored_json(point) for point in points]} for points in self.query(bodies)]

    def flush(self) -> None:
        """Write what is in memory, so that the next start has no long log to apply."""
        if self.unflushed:
            self.shard.flush()
            self.unflushed = False

    def replace_shard(self, shard_name: str, shard: edge.EdgeShard) -> None:
        """Serve from another shard of this folder that holds the same points; the old one is removed."""
        shard.flush()
        old, old_name = self.shard, self.shard_name
        _write_description(self.folder, self.name, self.description, shard_name)
        self.shard, self.shard_name = shard, shard_name
        old.close()
        shutil.rmtree(self.folder / old_name, ignore_errors=True)

    def close(self) -> None:
        self.shard.close()


def create_collection(folder: Path, name: str, description: Json) -> Collection:
    """Make the collection's folder. Raises BadRequest when the description cannot be used."""
    shard_name = "shard-1"
    config = _engine_config(description)
    (folder / shard_name).mkdir(parents=True)
    shard = call_engine(edge.EdgeShard.create, str(folder / shard_name), config)
    _write_description(folder, name, description, shard_name)
    return Collection(folder, name, description, shard_name, shard)


def open_collection(folder: Path) -> Collection | None:
    """Open the collection; None when the folder is one whose creation broke off. Half-made copies of the shard are
    removed."""
    path = folder / DESCRIPTION
    if not path.exists():
        return None
    stored = json.loads(path.read_text())
    for other in folder.glob("shard-*"):
        if other.name != stored["shard"]:
            shutil.rmtree(other)
    shard = edge.EdgeShard.load(str(folder / stored["shard"]))
    return Collection(folder, stored["name"], stored["description"], stored["shard"], shard)


def call_engine(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call the engine. Raises BadRequest with its words when it refuses."""
    try:
        return function(*arguments)
    except BadRequest:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest(f"Wrong input: {error}") from error
    except Exception as error:
        if type(error) is not Exception:  # the engine's own refusals are bare Exceptions
            raise
        raise BadRequest(f"Wrong input: {error}") from error


def _dense(description: Json) -> dict[str, Json]:
    vectors = description.get("vectors") or {}
    return {"": vectors} if "size" in vectors else dict(vectors)


def _engine_config(description: Json) -> edge.EdgeConfig:
    try:
        dense = {
            name: edge.EdgeVectorParams(size=params["size"], distance=DISTANCES[params["distance"]])
            for name, params in _dense(description).items()
        }
    except KeyError as error:
        raise BadRequest(f"Wrong input: a vector's configuration lacks or does not know {error}") from error
    sparse = {
        name: edge.EdgeSparseVectorParams(
            modifier=edge.Modifier.Idf if (params or {}).get("modifier") == "idf" else None
        )
        for name, params in (description.get("sparse_vectors") or {}).items()
    }
    return edge.EdgeConfig(
        vectors=dense,
        sparse_vectors=sparse or None,
        hnsw_config=_hnsw_config(description.get("hnsw_config") or {}),
        optimizers=_optimizers_config(description.get("optimizers_config") or {}),
    )


def _hnsw_config(given: Json) -> edge.HnswIndexConfig:
    return edge.HnswIndexConfig(
        m=given.get("m") or HNSW_DEFAULTS["m"],
        ef_construct=given.get("ef_construct") or HNSW_DEFAULTS["ef_construct"],
        full_scan_threshold=given.get("full_scan_threshold") or HNSW_DEFAULTS["full_scan_threshold"],
        payload_m=given.get("payload_m"),
    )


def _optimizers_config(given: Json) -> edge.EdgeOptimizersConfig:
    return edge.EdgeOptimizersConfig(
        indexing_threshold=given.get("indexing_threshold") or INDEXING_THRESHOLD_KIB,
        default_segment_number=given.get("default_segment_number"),
    )


def _write_description(folder: Path, name: str, description: Json, shard_name: str) -> None:
    path = folder / DESCRIPTION
    partial = path.with_suffix(".partial")
    with partial.open("w") as file:
        json.dump({"name": name, "description": description, "shard": shard_name}, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
