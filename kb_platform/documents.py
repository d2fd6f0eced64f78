"""Documents and their versions: adding and replacing. Each new version makes the job that reads it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from kb_platform import jobs, quotas
from kb_platform.database.engine import Database
from kb_platform.database.tables import (
    Document,
    DocumentVersion,
    Job,
    JobKind,
    JobState,
    KnowledgeBase,
    VersionState,
)
from kb_platform.domain.errors import DuplicateFile, InvalidInput, NotFound
from kb_platform.file_names import join_path
from kb_platform.files import FileStore, StoredFile

UNFINISHED = (VersionState.QUEUED, VersionState.PARSING, VersionState.EMBEDDING, VersionState.PAUSED)
SMALL_FILE_BYTES = 1024 * 1024
LARGE_FILE_BYTES = 20 * 1024 * 1024
REINDEX_PRIORITY = 2
"""Somebody has just changed something and wants to see it found."""
MANY_FILES, VERY_MANY_FILES = 20, 200
"""Files that somebody has waiting, from which the next ones go behind other people's of their size."""


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job to wake the workers for, once the caller's transaction is through."""

    id: str
    priority: int


@dataclass(frozen=True, slots=True)
class AddedDocument:
    """`job` is None when the very same file is there already (`unchanged`)."""

    document_id: str
    version_id: str
    job: QueuedJob | None
    is_new: bool
    unchanged: bool = False


def add_document(
    database: Database,
    files: FileStore,
    knowledge_base_id: str,
    file_name: str,
    parts: Iterable[bytes],
    user_id: str,
    encrypted_password: str = "",
    *,
    folder: str = "",
    keep_duplicates: bool = True,
    hidden: Collection[str] = (),
) -> AddedDocument:
    """Store a file as a new document, or as the next version of the live document of that folder and name.

    The version before stays in use until the new one is ready; one that is still being read is given up. Raises
    NotFound for an unknown knowledge base, DuplicateFile when duplicates are not to be kept and the same content is
    there under another name, QuotaFull when its department may not hold so much more, InvalidInput when that folder
    and name are those of a document that is `hidden` from the user.
    """
    stored = files.put(parts)
    path = join_path(folder, file_name)
    with database.writing() as session:
        base = live_knowledge_base(session, knowledge_base_id)
        document = _document_at(session, knowledge_base_id, path)
        if document is not None and document.id in hidden:
            raise InvalidInput(f"{path}: this name is taken by a document that you may not change.", "name_taken")
        is_new = document is None
        if document is None:
            if not keep_duplicates:
                _refuse_duplicate(session, knowledge_base_id, file_name, stored, hidden)
            quotas.require_room(session, base.department_id, stored.bytes, 1)
            document = Document(
                knowledge_base_id=knowledge_base_id, name=file_name, folder=folder, live_path=path, created_by=user_id
            )
            session.add(document)
            session.flush()
        latest = latest_version(session, document.id)
        if latest and latest.file_sha256 == stored.sha256 and latest.state != VersionState.FAILED:
            return AddedDocument(document.id, latest.id, None, is_new=False, unchanged=True)
        if not is_new:
            quotas.require_room(session, base.department_id, stored.bytes, 0)
        if latest and latest.state in UNFINISHED:
            _give_up(session, latest)
        version, job = add_version(session, document, stored, user_id, encrypted_password)
        return AddedDocument(document.id, version.id, job, is_new)


def add_version(
    session: Session, document: Document, stored: StoredFile, user_id: str, encrypted_password: str
) -> tuple[DocumentVersion, QueuedJob]:
    """Add the next version of a document, and the job that reads it, in the caller's transaction."""
    latest = latest_version(session, document.id)
    waiting = session.scalar(
        select(func.count()).where(DocumentVersion.created_by == user_id, DocumentVersion.state.in_(UNFINISHED))
    )
    version = DocumentVersion(
        document_id=document.id,
        number=latest.number + 1 if latest else 1,
        file_sha256=stored.sha256,
        file_bytes=stored.bytes,
        encrypted_password=encrypted_password,
        created_by=user_id,
    )
    version.enter(VersionState.QUEUED)
    session.add(version)
    session.flush()
    job = jobs.add_job(session, JobKind.INGEST, version.id, reading_priority(stored.bytes, waiting or 0))
    return version, QueuedJob(job.id, job.priority)


def queue_reindexing(session: Session, document_id: str) -> QueuedJob:
    """Return the job that lets the index follow a change, in the caller's transaction: one that waits already, as it
    will see this change too, or a new one."""
    waiting = session.scalar(
        select(Job)
        .where(Job.kind == JobKind.REINDEX_DOCUMENT, Job.target_id == document_id, Job.state == JobState.QUEUED)
        .limit(1)
        .with_for_update()  # a worker that takes it now does so after this change is in
    )
    job = waiting or jobs.add_job(session, JobKind.REINDEX_DOCUMENT, document_id, REINDEX_PRIORITY)
    return QueuedJob(job.id, job.priority)


def live_knowledge_base(session: Session, knowledge_base_id: str) -> KnowledgeBase:
    """Return a knowledge base that is not being deleted. Raises NotFound."""
    knowledge_base = session.get(KnowledgeBase, knowledge_base_id)
    if knowledge_base is None or knowledge_base.deleted_at is not None:
        raise NotFound("There is no such knowledge base.")
    return knowledge_base


def live_document(session: Session, document_id: str) -> Document:
    """Return a document that is not deleted. Raises NotFound."""
    document = session.get(Document, document_id)
    if document is None or document.deleted_at is not None:
        raise NotFound("There is no such document.")
    return document


def latest_version(session: Session, document_id: str) -> DocumentVersion | None:
    """Return the newest version of a document."""
    return session.scalar(
        select(DocumentVersion)
        .where(DocumentVersion.document_id == document_id)
        .order_by(DocumentVersion.number.desc())
        .limit(1)
    )


def is_live(session: Session, version: DocumentVersion) -> bool:
    """Whether the version's document has not been deleted."""
    document = session.get(Document, version.document_id)
    return document is not None and document.deleted_at is None


def reading_priority(size: int, waiting: int) -> int:
    """Return when a file's turn is (0 first, 9 last), by its bytes and by how many others of the same person wait: one
    huge upload does not starve a colleague's page."""
    by_size = 3 if size <= SMALL_FILE_BYTES else 5 if size <= LARGE_FILE_BYTES else 7
    return by_size + (waiting >= MANY_FILES) + (waiting >= VERY_MANY_FILES)


def referenced_files(session: Session) -> set[str]:
    """Return the digests of all stored files that some version needs."""
    rows = session.execute(select(DocumentVersion.file_sha256, DocumentVersion.parsed_sha256))
    return {digest for row in rows for digest in row if digest}


def _document_at(session: Session, knowledge_base_id: str, path: str) -> Document | None:
    return session.scalar(
        select(Document).where(Document.knowledge_base_id == knowledge_base_id, Document.live_path == path)
    )


def _refuse_duplicate(
    session: Session, knowledge_base_id: str, file_name: str, stored: StoredFile, hidden: Collection[str]
) -> None:
    newer = aliased(DocumentVersion)
    found = session.scalars(
        select(Document)
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .where(
            Document.knowledge_base_id == knowledge_base_id,
            Document.deleted_at.is_(None),
            DocumentVersion.file_sha256 == stored.sha256,
            DocumentVersion.state != VersionState.FAILED,
            ~select(newer.id).where(newer.document_id == Document.id, newer.number > DocumentVersion.number).exists(),
        )
        .order_by(Document.created_at)
    )
    same = next((document for document in found if document.id not in hidden), None)
    if same is not None:
        raise DuplicateFile(file_name, same.id, join_path(same.folder, same.name))


def _give_up(session: Session, version: DocumentVersion) -> None:
    jobs.cancel(session, version.id)
    version.state = VersionState.FAILED
    version.error_code = "replaced"
    version.error_message = "A newer upload took this file's place before it was read."
