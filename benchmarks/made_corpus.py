"""A corpus of any size, made from some real passages, and written to the index by several processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb_platform.index import IndexedChunk, VectorIndex, point_id
from kb_platform.settings import IndexSettings

DOCUMENT_CHUNKS = 50
NOISE = 0.012
"""Standard deviation a dimension: neighbours are then about as far apart as real passages of one topic."""


@dataclass(frozen=True)
class Seeds:
    """Real passages and questions that the made corpus is drawn from."""

    vectors: NDArray[np.float32]
    texts: tuple[str, ...]
    questions: tuple[str, ...]
    others: tuple[str, ...]
    """As many questions, asked before: they warm connections and caches."""


@dataclass(frozen=True)
class MadeDocument:
    """A made document."""

    knowledge_base_id: str
    document_id: str
    version_id: str


@dataclass(frozen=True)
class Batch:
    """Passages to be made; `first` is the place of the first in the corpus, and where chance starts from."""

    first: int
    count: int
    documents: tuple[MadeDocument, ...]


@dataclass(frozen=True)
class _Pool:
    """What each process of the pool holds."""

    seeds: Seeds
    index: VectorIndex
    model_name: str


_pool: _Pool


def open_index(seeds: Seeds, settings: IndexSettings, model_name: str, dimension: int) -> None:
    """Open what a process of the pool needs, once."""
    global _pool  # a pool's initialiser has no other place
    _pool = _Pool(seeds, VectorIndex(settings, model_name, dimension), model_name)


def index_batch(batch: Batch) -> list[dict[str, object]]:
    """Write the batch's points; return its rows."""
    vectors, texts = _made(_pool.seeds, batch.count, np.random.default_rng((1, batch.first)))
    chunks: list[IndexedChunk] = []
    rows: list[dict[str, object]] = []
    for number, (vector, text) in enumerate(zip(vectors, texts, strict=True)):
        made, ordinal = batch.documents[number // DOCUMENT_CHUNKS], number % DOCUMENT_CHUNKS
        id_ = point_id(made.version_id, ordinal, _pool.model_name)
        chunks.append(
            IndexedChunk(id_, vector, text, made.knowledge_base_id, made.document_id, made.version_id, ordinal)
        )
        rows.append(
            {
                "id": id_,
                "version_id": made.version_id,
                "ordinal": ordinal,
                "start": 0,
                "end": len(text),
                "text": text,
                "token_count": 1,
                "content_hash": "-",
            }
        )
    _pool.index.upsert(chunks, published=True)
    return rows


def _made(seeds: Seeds, count: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], Sequence[str]]:
    """Return vectors between two real ones each, with some noise, and texts cut from the same two."""
    one, other = rng.integers(0, len(seeds.texts), (2, count))
    share = rng.random((count, 1)) / 2
    vectors = seeds.vectors[one] * (1 - share) + seeds.vectors[other] * share
    vectors = vectors + rng.standard_normal(vectors.shape) * NOISE
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"{_piece(seeds.texts[i], rng)} {_piece(seeds.texts[j], rng)}" for i, j in zip(one, other, strict=True)]
    return vectors.astype(np.float32), texts


def _piece(text: str, rng: np.random.Generator) -> str:
    start = int(rng.integers(0, max(1, len(text) - 200)))
    return text[start : start + 200]
