"""What people do with documents that are there: read again, pause, cancel, rename, move, tag, delete.

Each is one transaction of SQL; where the index has to follow, it makes the job that does that.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kb_platform import jobs
from kb_platform.database.engine import Database
from kb_platform.database.tables import Document, DocumentVersion, JobKind, VersionState, now
from kb_platform.documents import (
    UNFINISHED,
    QueuedJob,
    add_version,
    latest_version,
    live_document,
    live_knowledge_base,
    queue_reindexing,
    reading_priority,
)
from kb_platform.domain.errors import Conflict, InvalidInput
from kb_platform.file_names import clean_file_name, clean_folder, join_path
from kb_platform.files import StoredFile

CLEANUP_PRIORITY = 4
MOST_TAGS, MOST_TAG_CHARACTERS = 20, 40


class NameTaken(Conflict):
    code = "name_taken"


def retry_document(database: Database, document_id: str, encrypted_password: str = "") -> QueuedJob:
    """Read the latest version, which failed, once more. Raises NotFound, or Conflict when it did not fail."""
    with database.writing() as session:
        document = live_document(session, document_id)
        version = latest_version(session, document.id)
        if version is None or version.state != VersionState.FAILED:
            raise Conflict(f"{document.name}: only a file that failed can be read again.")
        version.enter(VersionState.QUEUED)
        version.error_code = version.error_message = version.parsed_sha256 = ""
        version.pages_done = version.pages_total = version.chunks_done = version.chunks_total = 0
        if encrypted_password:
            version.encrypted_password = encrypted_password
        job = jobs.add_job(session, JobKind.INGEST, version.id, reading_priority(version.file_bytes, 0))
        return QueuedJob(job.id, job.priority)


def reread_document(database: Database, document_id: str, user_id: str) -> QueuedJob:
    """Read the file in use anew, as its next version: after a setting changed, or the reading got better. Raises
    NotFound, or Conflict while it is being read."""
    with database.writing() as session:
        document = live_document(session, document_id)
        version = latest_version(session, document.id)
        if version is None or version.state not in (VersionState.READY, VersionState.SUPERSEDED):
            raise Conflict(f"{document.name}: only a document that is ready can be read anew.")
        stored = StoredFile(version.file_sha256, version.file_bytes)
        return add_version(session, document, stored, user_id, version.encrypted_password)[1]


def pause_document(database: Database, document_id: str) -> None:
    """Let the reading rest; what has been done is kept. Raises NotFound, or Conflict when it is not being read."""
    with database.writing() as session:
        version = _unfinished_version(session, document_id)
        if version.state != VersionState.PAUSED:
            jobs.pause(session, version.id)
            version.enter(VersionState.PAUSED)


def resume_document(database: Database, document_id: str) -> list[QueuedJob]:
    """Go on with a reading that rests. Raises NotFound, or Conflict when it does not rest."""
    with database.writing() as session:
        version = _unfinished_version(session, document_id)
        resumed = jobs.resume(session, version.id)
        if not resumed:
            raise Conflict("Only a document that is paused can be resumed.")
        version.enter(VersionState.QUEUED)
        return [QueuedJob(job.id, job.priority) for job in resumed]


def cancel_reading(database: Database, document_id: str) -> QueuedJob:
    """Stop the reading for good; the version in use, if any, stays in use. Returns the job that takes out of the
    index what had been put in. Raises NotFound, or Conflict when it is not being read."""
    with database.writing() as session:
        version = _unfinished_version(session, document_id)
        jobs.cancel(session, version.id)
        version.enter(VersionState.FAILED)
        version.error_code = "cancelled"
        version.error_message = "Reading was cancelled."
        return queue_reindexing(session, document_id)


def change_document(
    database: Database,
    document_id: str,
    *,
    name: str | None = None,
    folder: str | None = None,
    tags: Collection[str] | None = None,
    knowledge_base_id: str | None = None,
) -> list[QueuedJob]:
    """Rename, file, tag or move a document; what is None stays. Returns the job that moves its points, if any.

    Raises NotFound, InvalidInput for a bad tag, Conflict when another document has that folder and name there.
    """
    try:
        with database.writing() as session:
            document = live_document(session, document_id)
            if tags is not None:
                document.tags = _clean_tags(tags)
            if name is not None:
                document.name = clean_file_name(name)
            if folder is not None:
                document.folder = clean_folder(folder)
            queued = []
            if knowledge_base_id is not None and knowledge_base_id != document.knowledge_base_id:
                document.knowledge_base_id = live_knowledge_base(session, knowledge_base_id).id
                queued.append(queue_reindexing(session, document.id))
            document.live_path = join_path(document.folder, document.name)
            document.updated_at = now()
            return queued
    except IntegrityError as error:
        raise NameTaken("Another document has this name in that folder.") from error


def tag_document(database: Database, document_id: str, add: Collection[str], remove: Collection[str]) -> None:
    """Add and remove tags. Raises NotFound, or InvalidInput for a bad tag."""
    with database.writing() as session:
        document = live_document(session, document_id)
        document.tags = _clean_tags([*(tag for tag in document.tags if tag not in set(remove)), *add])


def delete_document(database: Database, document_id: str) -> QueuedJob:
    """Hide the document at once and queue its clean-up. Raises NotFound."""
    with database.writing() as session:
        document = live_document(session, document_id)
        _hide(session, document)
        job = jobs.add_job(session, JobKind.DELETE_DOCUMENT, document.id, CLEANUP_PRIORITY)
        return QueuedJob(job.id, job.priority)


def delete_knowledge_base(database: Database, knowledge_base_id: str) -> QueuedJob:
    """Hide the knowledge base and its documents at once and queue the clean-up. Raises NotFound."""
    with database.writing() as session:
        live_knowledge_base(session, knowledge_base_id).deleted_at = now()
        live = select(Document).where(Document.knowledge_base_id == knowledge_base_id, Document.deleted_at.is_(None))
        for document in session.scalars(live):
            _hide(session, document)
        job = jobs.add_job(session, JobKind.DELETE_KNOWLEDGE_BASE, knowledge_base_id, CLEANUP_PRIORITY)
        return QueuedJob(job.id, job.priority)


def _unfinished_version(session: Session, document_id: str) -> DocumentVersion:
    document = live_document(session, document_id)
    version = latest_version(session, document.id)
    if version is None or version.state not in UNFINISHED:
        raise Conflict(f"{document.name} is not being read.")
    return version


def _hide(session: Session, document: Document) -> None:
    document.deleted_at = now()
    document.live_path = None
    for version in session.scalars(select(DocumentVersion).where(DocumentVersion.document_id == document.id)):
        jobs.cancel(session, version.id)


def _clean_tags(tags: Collection[str]) -> list[str]:
    """Return the tags without doubles and outer white space, in their order."""
    cleaned = list(dict.fromkeys(" ".join(tag.split()) for tag in tags if tag.strip()))
    if len(cleaned) > MOST_TAGS:
        raise InvalidInput(f"A document has at most {MOST_TAGS} tags.", "too_many_tags")
    for tag in cleaned:
        if len(tag) > MOST_TAG_CHARACTERS:
            raise InvalidInput(f"A tag has at most {MOST_TAG_CHARACTERS} characters: “{tag[:20]}…”.", "tag_too_long")
    return cleaned
