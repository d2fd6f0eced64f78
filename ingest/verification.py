"""Does the index hold what SQL says, and do the files that SQL names exist? Both ways; and what mends it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from ingest.reindexing import adopt_model, correct_document, correction_for
from ingest.services import IngestServices
from kb_platform.database.tables import ChunkRow, Document, DocumentVersion, JobState
from kb_platform.documents import UNFINISHED, referenced_files
from kb_platform.index import point_id
from kb_platform.jobs import Lease

DELETE_POINTS = 1000
VERSIONS_AT_ONCE = 500

Progress = Callable[[int, int], None]
"""Told how many documents are done, of how many."""


@dataclass(frozen=True, slots=True)
class Disagreements:
    """What SQL, the index and the file store do not agree on. Empty (false) when all is well."""

    documents: int
    """Live documents that were compared."""
    passages: int
    """Passages that the index is to hold."""
    orphan_points: tuple[str, ...]
    """Points of no passage in use and of no version that is being read."""
    incorrect_documents: tuple[str, ...]
    """Documents with passages that have no point, or one made from other words, or in another knowledge base."""
    missing_files: tuple[str, ...]
    """Documents whose original or parsed text is not in the file store: only a new upload mends this."""
    unreferenced_files: int
    """Stored files that no row names. They are collected after an hour; a young one may be an upload in progress."""

    def __bool__(self) -> bool:
        return bool(self.orphan_points or self.incorrect_documents or self.missing_files)


@dataclass(frozen=True, slots=True)
class _Expected:
    document_id: str
    knowledge_base_id: str
    content_hash: str


def verify(services: IngestServices) -> Disagreements:
    """Compare SQL with the index and the file store. Changes nothing. Raises IndexUnavailable.

    Jobs may run meanwhile: what looks wrong is looked at a second time before it is reported.
    """
    held = {point.id: point for point in services.index.points()}
    expected = _expected_points(services)
    suspects = {
        wanted.document_id
        for id_, wanted in expected.items()
        if (point := held.get(id_)) is None
        or point.content_hash != wanted.content_hash
        or point.knowledge_base_id != wanted.knowledge_base_id
        or not point.is_published
    }
    incorrect = {id_ for id_ in suspects if correction_for(id_, services)}
    orphans = _orphans({id_: point.version_id for id_, point in held.items() if id_ not in expected}, services)
    documents, missing_files = _missing_files(services)
    with services.database.reading() as session:
        referenced = referenced_files(session)
    return Disagreements(
        documents=documents,
        passages=len(expected),
        orphan_points=tuple(sorted(orphans)),
        incorrect_documents=tuple(sorted(incorrect)),
        missing_files=missing_files,
        unreferenced_files=sum(digest not in referenced for digest in services.files.digests()),
    )


def repair(
    found: Disagreements,
    services: IngestServices,
    on_progress: Progress = lambda _done, _all: None,
    before_step: Callable[[], None] = lambda: None,
) -> None:
    """Mend what can be mended: orphans go, incorrect documents are indexed again from SQL. Raises IndexUnavailable,
    and what `before_step` raises to break off."""
    for first in range(0, len(found.orphan_points), DELETE_POINTS):
        services.index.delete(found.orphan_points[first : first + DELETE_POINTS])
    _index_documents(found.incorrect_documents, services, on_progress, before_step)


def rebuild(services: IngestServices, on_progress: Progress = lambda _done, _all: None) -> int:
    """Put every passage that has no right point into the index, and let the passages be found by this embedding model.

    For a lost index, and for a new model: the collection of the model before keeps answering meanwhile, and all
    documents pass to the new one in one step at the end. What is there already is not embedded again, so a rebuild
    that broke off goes on where it was. Returns how many documents there are. Raises IndexUnavailable.
    """
    with services.database.reading() as session:
        in_use = select(Document.id).where(Document.deleted_at.is_(None), Document.current_version_id.is_not(None))
        documents = tuple(session.scalars(in_use.order_by(Document.created_at)))
    _index_documents(documents, services, on_progress)
    with services.database.writing() as session:
        for document_id in documents:
            adopt_model(session, document_id, services.embedding.name)
    return len(documents)


def reconcile_index(lease: Lease, services: IngestServices) -> None:
    """Remove orphans and index incorrect documents again; ends the lease's job. Done from time to time."""
    repair(verify(services), services, before_step=lease.give_way)
    with services.database.writing() as session:
        lease.finish(session, JobState.SUCCEEDED)


def _index_documents(
    documents: tuple[str, ...],
    services: IngestServices,
    on_progress: Progress,
    before_step: Callable[[], None] = lambda: None,
) -> None:
    for done, document_id in enumerate(documents):
        on_progress(done, len(documents))
        correct_document(document_id, services, before_step)
    on_progress(len(documents), len(documents))


def _expected_points(services: IngestServices) -> dict[str, _Expected]:
    """Return, by point id, what the index is to hold."""
    query = (
        select(ChunkRow.version_id, ChunkRow.ordinal, ChunkRow.content_hash, Document.id, Document.knowledge_base_id)
        .join(Document, Document.current_version_id == ChunkRow.version_id)
        .where(ChunkRow.is_enabled, Document.deleted_at.is_(None))
        .execution_options(yield_per=5000)
    )
    model = services.embedding.name
    with services.database.reading() as session:
        return {
            point_id(row.version_id, row.ordinal, model): _Expected(row.id, row.knowledge_base_id, row.content_hash)
            for row in session.execute(query)
        }


def _orphans(version_of: dict[str, str], services: IngestServices) -> Iterator[str]:
    """Yield those of the points whose version is neither in use nor being read, as SQL stands now."""
    points_of: defaultdict[str, list[str]] = defaultdict(list)
    for id_, version_id in version_of.items():
        points_of[version_id].append(id_)
    versions = sorted(points_of)
    for first in range(0, len(versions), VERSIONS_AT_ONCE):
        some = versions[first : first + VERSIONS_AT_ONCE]
        being_read = (
            select(DocumentVersion.id)
            .join(Document, Document.id == DocumentVersion.document_id)
            .where(DocumentVersion.id.in_(some), Document.deleted_at.is_(None), DocumentVersion.state.in_(UNFINISHED))
        )
        in_use = (
            select(ChunkRow.id)
            .join(Document, Document.current_version_id == ChunkRow.version_id)
            .where(ChunkRow.version_id.in_(some), ChunkRow.is_enabled)
        )
        with services.database.reading() as session:
            left_alone = set(session.scalars(being_read))
            enabled = set(session.scalars(in_use))
        for version_id in some:
            if version_id not in left_alone:
                yield from (id_ for id_ in points_of[version_id] if id_ not in enabled)


def _missing_files(services: IngestServices) -> tuple[int, tuple[str, ...]]:
    """Return how many live documents there are, and those with a version in use whose files are gone."""
    query = (
        select(Document.id, DocumentVersion.file_sha256, DocumentVersion.parsed_sha256)
        .join(DocumentVersion, DocumentVersion.id == Document.current_version_id)
        .where(Document.deleted_at.is_(None))
    )
    with services.database.reading() as session:
        rows = session.execute(query).all()
    stored = set(services.files.digests())
    return len(rows), tuple(
        row.id for row in rows if not {row.file_sha256, row.parsed_sha256 or row.file_sha256} <= stored
    )
