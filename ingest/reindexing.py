"""Makes the index hold exactly what SQL says of a document: after an edited passage, a move, a loss, a new model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ingest.indexing import Passage, Place, enabled_passages, index_passages, known_vectors
from ingest.services import IngestServices
from kb_platform.database.tables import ChunkRow, Document, DocumentVersion, JobState
from kb_platform.documents import UNFINISHED
from kb_platform.index import PointState, point_id
from kb_platform.jobs import Lease


@dataclass(frozen=True, slots=True)
class Correction:
    """What the index has to change for one document. Empty when it holds what SQL says."""

    orphans: tuple[str, ...]
    """Points of no passage, of no version in use and of none that is being read."""
    missing: tuple[Passage, ...]
    """Passages without a point, or whose point was made from other words or is not published."""
    is_misplaced: bool
    """Some point stands in another knowledge base."""

    def __bool__(self) -> bool:
        return bool(self.orphans or self.missing or self.is_misplaced)


def reindex_document(document_id: str, lease: Lease, services: IngestServices) -> None:
    """Correct the index for one document and end the lease's job. Raises IndexUnavailable, LeaseLost, GaveWay."""
    # Until there is nothing left to correct: two such jobs may write at once, and whoever writes last looks once more.
    while correct_document(document_id, services, lease.give_way):
        pass
    with services.database.writing() as session:
        lease.finish(session, JobState.SUCCEEDED)
        adopt_model(session, document_id, services.embedding.name)


def correct_document(document_id: str, services: IngestServices, before_step: Callable[[], None]) -> Correction:
    """Correct the index for one document, in its current embedding model's collection. Returns what was wrong."""
    place, held, correction = _look(document_id, services)
    services.index.delete(correction.orphans)
    if place is None:
        return correction
    if correction.is_misplaced:
        services.index.move_document(document_id, place.knowledge_base_id)
    if correction.missing:
        known = known_vectors(held, correction.missing, services.index)
        index_passages(correction.missing, place, known, services, published=True, before_step=before_step)
    return correction


def correction_for(document_id: str, services: IngestServices) -> Correction:
    """Return what the index would have to change for one document, and change nothing."""
    return _look(document_id, services)[2]


def _look(document_id: str, services: IngestServices) -> tuple[Place | None, list[PointState], Correction]:
    """Return where the document's passages belong, its points, and what separates them."""
    place, passages, reading = _wanted(document_id, services)
    held = list(services.index.points(document_id))
    return place, held, compare(place, passages, reading, held)


def compare(
    place: Place | None, passages: Sequence[Passage], reading: frozenset[str], points: Sequence[PointState]
) -> Correction:
    """Return what separates a document's points from its passages. `place` is None for a document that is gone or
    has no version in use; `reading` are the versions that another job is putting in now: they are left alone."""
    held = {point.id: point for point in points if point.version_id not in reading}
    wanted = {passage.id: passage for passage in passages}
    return Correction(
        orphans=tuple(sorted(held.keys() - wanted.keys())),
        missing=tuple(
            passage
            for passage in passages
            if (point := held.get(passage.id)) is None
            or point.content_hash != passage.content_hash
            or not point.is_published
        ),
        is_misplaced=place is not None and any(point.knowledge_base_id != place.knowledge_base_id for point in points),
    )


def adopt_model(session: Session, document_id: str, embedding_model: str) -> None:
    """Let the document's passages be found by this embedding model, whose points are in the index by now."""
    document = session.get(Document, document_id)
    if document is None or document.current_version_id is None:
        return
    version = session.get_one(DocumentVersion, document.current_version_id)
    if version.embedding_model == embedding_model:
        return
    rows = session.execute(select(ChunkRow.id, ChunkRow.ordinal).where(ChunkRow.version_id == version.id)).all()
    for row in rows:
        new_id = point_id(version.id, row.ordinal, embedding_model)
        session.execute(update(ChunkRow).where(ChunkRow.id == row.id).values(id=new_id))
    version.embedding_model = embedding_model


def _wanted(document_id: str, services: IngestServices) -> tuple[Place | None, list[Passage], frozenset[str]]:
    with services.database.reading() as session:
        document = session.get(Document, document_id)
        if document is None or document.deleted_at is not None:
            return None, [], frozenset()
        reading = frozenset(
            session.scalars(
                select(DocumentVersion.id).where(
                    DocumentVersion.document_id == document_id, DocumentVersion.state.in_(UNFINISHED)
                )
            )
        )
        if document.current_version_id is None:
            return None, [], reading
        place = Place(document.knowledge_base_id, document.id, document.current_version_id)
        rows = session.scalars(select(ChunkRow).where(ChunkRow.version_id == place.version_id)).all()
    return place, enabled_passages(rows, services.embedding.name), reading
