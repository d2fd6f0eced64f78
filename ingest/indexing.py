"""Passages into the index: embedded step by step, vectors that are there already used again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.embedding_cores import embed_in_turns
from ingest.services import IngestServices
from kb_platform.database.tables import ChunkRow
from kb_platform.index import IndexedChunk, PassageVectors, PointState, VectorIndex, point_id

EMBEDDING_STEP = 64
"""Passages embedded and written between two looks at the lease, and at who else wants the cores."""

Vectors = dict[str, PassageVectors]
"""Vectors by the content hash of what they were made from."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where passages belong."""

    knowledge_base_id: str
    document_id: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as it is to stand in the index: edited where an editor changed it."""

    id: str
    ordinal: int
    text: str
    content_hash: str


def enabled_passages(rows: Iterable[ChunkRow], embedding_model: str) -> list[Passage]:
    """Return the passages that the index is to hold of these rows, under the ids of this embedding model."""
    return [
        Passage(
            point_id(row.version_id, row.ordinal, embedding_model), row.ordinal, row.embedding_text, row.content_hash
        )
        for row in rows
        if row.is_enabled
    ]


def index_passages(
    passages: Sequence[Passage],
    place: Place,
    known: Vectors,
    services: IngestServices,
    *,
    published: bool,
    before_step: Callable[[], None],
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Embed the passages whose vectors are not known, and write all of them. `before_step` may raise to break off:
    what was written stays, and is written once more the next time."""
    # What has to be embedded first, so that a few changed passages share a pass. Longest first: a batch may be padded
    # to its longest passage, so equal lengths beside each other cost least, and the time that is left is known early.
    # While one step is embedded, the one before is written.
    ordered = sorted(passages, key=lambda passage: (passage.content_hash in known, -len(passage.text)))
    written: Future[None] | None = None
    done = 0
    with ThreadPoolExecutor(1, "index-writer") as writer:
        for first in range(0, len(ordered), EMBEDDING_STEP):
            before_step()
            step = ordered[first : first + EMBEDDING_STEP]
            vectors = _vectors_of(step, known, services)
            if written is not None:
                written.result()
                on_progress(done, len(ordered))
            written = writer.submit(_write, step, vectors, known, place, services.index, published)
            done += len(step)
        if written is not None:
            written.result()
            on_progress(done, len(ordered))


def known_vectors(points: Iterable[PointState], passages: Sequence[Passage], index: VectorIndex) -> Vectors:
    """Return the vectors of those passages that some of the points were made from."""
    wanted = {passage.content_hash for passage in passages}
    hash_of = {point.id: point.content_hash for point in points if point.content_hash in wanted}
    return {hash_of[id_]: vectors for id_, vectors in index.vectors(list(hash_of)).items()}


def _write(
    step: Sequence[Passage],
    vectors: Sequence[NDArray[np.float32]],
    known: Vectors,
    place: Place,
    index: VectorIndex,
    published: bool,
) -> None:
    # Sparse vectors that are not known are made here, while the next passages are embedded.
    index.upsert(
        [
            IndexedChunk(
                id=passage.id,
                vector=vector,
                sparse=known[passage.content_hash].sparse if passage.content_hash in known else None,
                text=passage.text,
                knowledge_base_id=place.knowledge_base_id,
                document_id=place.document_id,
                version_id=place.version_id,
                ordinal=passage.ordinal,
                content_hash=passage.content_hash,
            )
            for passage, vector in zip(step, vectors, strict=True)
        ],
        published=published,
    )


def _vectors_of(passages: Sequence[Passage], known: Vectors, services: IngestServices) -> list[NDArray[np.float32]]:
    new = {passage.content_hash: passage.text for passage in passages if passage.content_hash not in known}
    made: dict[str, NDArray[np.float32]] = {}
    if new:
        vectors = embed_in_turns(list(new.values()), services.settings, services.embedding.embed_passages)
        made = dict(zip(new, vectors, strict=True))
    return [made[hash_] if (hash_ := passage.content_hash) in made else known[hash_].dense for passage in passages]
