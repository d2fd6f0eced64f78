"""What the embedded engine says about itself and its collections, in the words of Qdrant's REST protocol."""

from __future__ import annotations

from typing import Any

from kb_platform.index.embedded.collection import HNSW_DEFAULTS, Collection

PROTOCOL_VERSION = "1.20.0"
"""The version of Qdrant's REST protocol whose part is spoken here; clients check it."""
FLUSH_SECONDS = 2


def version() -> dict[str, Any]:
    return {"title": "Qdrant's embedded engine", "version": PROTOCOL_VERSION, "ranks": True}


def collection_json(collection: Collection) -> dict[str, Any]:
    info = collection.shard.info()
    description = collection.description
    return {
        "status": "green",
        "optimizer_status": "ok",
        "segments_count": info.segments_count,
        "points_count": info.points_count,
        "indexed_vectors_count": info.indexed_vectors_count,
        "config": {
            "params": {
                "vectors": description.get("vectors"),
                "sparse_vectors": description.get("sparse_vectors"),
                "shard_number": 1,
                "replication_factor": 1,
                "write_consistency_factor": 1,
                "on_disk_payload": True,
            },
            "hnsw_config": HNSW_DEFAULTS | (description.get("hnsw_config") or {}),
            "optimizer_config": {
                "default_segment_number": 0,
                "flush_interval_sec": FLUSH_SECONDS,
                "indexing_threshold": collection.indexing_threshold_kib,
            },
            "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
        },
        "payload_schema": {
            field: {"data_type": str(index.data_type).rsplit(".", 1)[-1].lower(), "points": index.points}
            for field, index in info.payload_schema.items()
        },
    }
