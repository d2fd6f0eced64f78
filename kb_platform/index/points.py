"""What goes into the index of a chunk, and what comes back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb_platform.index.sparse import SparseVector

NAMESPACE = uuid.UUID("6f1dbe1e-0d5c-5a6f-9d0b-5c9f0a6a5f0e")


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
    """What a second look at candidates told: cosines and BM25 where the search had not, cosines to another vector,
    vectors."""

    cosines: dict[str, float]
    bm25: dict[str, float]
    other_cosines: dict[str, float]
    vectors: dict[str, PassageVectors]


def point_id(version_id: str, ordinal: int, embedding_model: str) -> str:
    """Return the UUID of a chunk's point: the same again for the same version, place and model."""
    return str(uuid.uuid5(NAMESPACE, f"{version_id}/{ordinal}/{embedding_model}"))
