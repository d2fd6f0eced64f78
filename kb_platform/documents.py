"""Documents and their versions: adding, replacing, retrying, deleting. Each makes the job that does the work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb_platform import jobs
from kb_platform.database.engine import Database
from kb_platform.database.tables import (
    Document,
    DocumentVersion,
    JobKind,
    KnowledgeBase,
    VersionState,
    now,
)
from kb_platform.domain.errors import Conflict, NotFound
from kb_platform.files import FileStore

UNFINISHED = (VersionState.QUEUED, VersionState.PARSING, VersionState.EMBEDDING)
SMALL_FILE_BYTES = 1024 * 1024
LARGE_FILE_BYTES = 20 * 1024 * 1024


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
) -> AddedDocument:
    """Store a file as a new document, or as the next version of the live document of that name.

    The version before stays in use until the new one is ready; one that is still being read is given up. Raises
    NotFound for an unknown knowledge base.
    """
    stored = files.put(parts)
    with database.writing() as session:
        knowledge_base = session.get(KnowledgeBase, knowledge_base_id)
        if knowledge_base is None or knowledge_base.deleted_at is not None:
            raise NotFound("There is no such knowledge base.")
        document = session.scalar(
            select(Document).where(Document.knowledge_base_id == knowledge_base_id, Document.live_path == file_name)
        )
        is_new = document is None
        if document is None:
            document = Document(
                knowledge_base_id=knowledge_base_id, name=file_name, live_path=file_name, created_by=user_id
            )
            session.add(document)
            session.flush()
        latest = _latest_version(session, document.id)
        if latest and latest.file_sha256 == stored.sha256 and latest.state != VersionState.FAILED:
            return AddedDocument(document.id, latest.id, None, is_new=False, unchanged=True)
        if latest and latest.state in UNFINISHED:
            _give_up(session, latest)
        version = DocumentVersion(
            document_id=document.id,
            number=latest.number + 1 if latest else 1,
            file_sha256=stored.sha256,
            file_bytes=stored.bytes,
            encrypted_password=encrypted_password,
            created_by=user_id,
        )
        session.add(version)
        session.flush()
        job = jobs.add_job(session, JobKind.INGEST, version.id, _priority(stored.bytes))
        return AddedDocument(document.id, version.id, QueuedJob(job.id, job.priority), is_new)


def retry_document(database: Database, document_id: str, encrypted_password: str = "") -> QueuedJob:
    """Read the latest version, which failed, once more. Raises NotFound, or Conflict when it did not fail."""
    with database.writing() as session:
        document = _live_document(session, document_id)
        version = _latest_version(session, document.id)
        if version is None or version.state != VersionState.FAILED:
            raise Conflict(f"{document.name}: only a file that failed can be read again.")
        version.state = VersionState.QUEUED
        version.error_code = version.error_message = ""
        version.pages_done = version.pages_total = version.chunks_done = version.chunks_total = 0
        if encrypted_password:
            version.encrypted_password = encrypted_password
        job = jobs.add_job(session, JobKind.INGEST, version.id, _priority(version.file_bytes))
        return QueuedJob(job.id, job.priority)


def delete_document(database: Database, document_id: str) -> QueuedJob:
    """Hide the document at once and queue its clean-up. Raises NotFound."""
    with database.writing() as session:
        document = _live_document(session, document_id)
        _hide(session, document)
        job = jobs.add_job(session, JobKind.DELETE_DOCUMENT, document.id, priority=4)
        return QueuedJob(job.id, job.priority)


def delete_knowledge_base(database: Database, knowledge_base_id: str) -> QueuedJob:
    """Hide the knowledge base and its documents at once and queue the clean-up. Raises NotFound."""
    with database.writing() as session:
        knowledge_base = session.get(KnowledgeBase, knowledge_base_id)
        if knowledge_base is None or knowledge_base.deleted_at is not None:
            raise NotFound("There is no such knowledge base.")
        knowledge_base.deleted_at = now()
        live = select(Document).where(Document.knowledge_base_id == knowledge_base_id, Document.deleted_at.is_(None))
        for document in session.scalars(live):
            _hide(session, document)
        job = jobs.add_job(session, JobKind.DELETE_KNOWLEDGE_BASE, knowledge_base_id, priority=4)
        return QueuedJob(job.id, job.priority)


def is_live(session: Session, version: DocumentVersion) -> bool:
    """Whether the version's document has not been deleted."""
    document = session.get(Document, version.document_id)
    return document is not None and document.deleted_at is None


def _hide(session: Session, document: Document) -> None:
    document.deleted_at = now()
    document.live_path = None
    for version in session.scalars(select(DocumentVersion).where(DocumentVersion.document_id == document.id)):
        jobs.cancel(session, version.id)


def _give_up(session: Session, version: DocumentVersion) -> None:
    jobs.cancel(session, version.id)
    version.state = VersionState.FAILED
    version.error_code = "replaced"
    version.error_message = "A newer upload took this file's place before it was read."


def _live_document(session: Session, document_id: str) -> Document:
    document = session.get(Document, document_id)
    if document is None or document.deleted_at is not None:
        raise NotFound("There is no such document.")
    return document


def _latest_version(session: Session, document_id: str) -> DocumentVersion | None:
    return session.scalar(
        select(DocumentVersion)
        .where(DocumentVersion.document_id == document_id)
        .order_by(DocumentVersion.number.desc())
        .limit(1)
    )


def _priority(size: int) -> int:
    """Small files first, so that one huge upload does not starve a colleague's page."""
    if size <= SMALL_FILE_BYTES:
        return 3
    return 5 if size <= LARGE_FILE_BYTES else 7


def referenced_files(session: Session) -> set[str]:
    """Return the digests of all stored files that some version needs."""
    rows = session.execute(select(DocumentVersion.file_sha256, DocumentVersion.parsed_sha256))
    return {digest for row in rows for digest in row if digest}
