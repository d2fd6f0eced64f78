"""A stored file becomes passages that are found: parse → chunks → embeddings → index, published last.

Every step can be done again: point ids come from version, ordinal and embedding model, chunk rows are replaced as
one, and the version is found only after the last step, in one step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ingest.chunking import split_into_chunks
from ingest.indexing import Passage, Place, enabled_passages, index_passages, known_vectors
from ingest.sandbox import parse_file
from ingest.services import IngestServices
from kb_platform.chunk_edits import apply_edits, has_edits
from kb_platform.database.engine import Database
from kb_platform.database.tables import (
    ChunkRow,
    Document,
    DocumentVersion,
    JobState,
    VersionState,
    now,
)
from kb_platform.documents import is_live, queue_reindexing
from kb_platform.domain.chunk import Chunk
from kb_platform.domain.document import ParsedDocument, dump_parsed, load_parsed
from kb_platform.domain.errors import NothingReadable
from kb_platform.encryption import decrypt
from kb_platform.index import point_id
from kb_platform.jobs import Lease

PROGRESS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Target:
    """The version to be read, as it stood when the job began."""

    version_id: str
    document_id: str
    knowledge_base_id: str
    file_name: str
    file_sha256: str
    password: str
    parsed_sha256: str
    """What an earlier attempt at this version had read; empty: nothing."""
    is_first: bool
    """Whether no other version is in use, whose vectors could be used again."""

    @property
    def place(self) -> Place:
        return Place(self.knowledge_base_id, self.document_id, self.version_id)


def ingest_version(version_id: str, lease: Lease, services: IngestServices) -> None:
    """Read the version's file and make it what is found under its document's name; ends the lease's job.

    Raises UnreadableFile when the file cannot become passages, Unavailable when a part of the platform is away,
    LeaseLost when the job is no longer this worker's (paused, cancelled, deleted, or taken over), GaveWay when a more
    urgent job waits.
    """
    target = _load_target(version_id, lease, services)
    if target is None:
        _finish_without_work(lease, services.database)
        return
    parsed = _parse(target, lease, services)
    chunks = split_into_chunks(parsed, services.embedding, services.settings.ingest)
    if not chunks:
        raise NothingReadable(target.file_name, "the file holds no text that could be found.")
    passages = _store(target, parsed, chunks, lease, services)
    _index(target, passages, lease, services)
    replaced = _publish(target, lease, services)
    if replaced:
        services.index.delete_version(replaced)


def mark_failed(session: Session, version_id: str, code: str, message: str) -> None:
    """Record in the caller's transaction why the version cannot be used."""
    version = session.get(DocumentVersion, version_id)
    if version is not None:
        version.enter(VersionState.FAILED)
        version.error_code, version.error_message = code, message


def discard_cancelled(version_id: str, services: IngestServices) -> None:
    """Remove what a cancelled reading had put into the index; a version that another worker reads is left alone."""
    with services.database.reading() as session:
        version = session.get(DocumentVersion, version_id)
        wanted = version is not None and version.state != VersionState.FAILED and is_live(session, version)
    if not wanted:
        services.index.delete_version(version_id)


def _load_target(version_id: str, lease: Lease, services: IngestServices) -> _Target | None:
    with services.database.writing() as session:
        lease.confirm(session)
        version = session.get(DocumentVersion, version_id)
        if version is None or not is_live(session, version):
            return None
        if version.state in (VersionState.READY, VersionState.SUPERSEDED):
            return None
        document = session.get_one(Document, version.document_id)
        if not version.parsed_sha256:
            version.enter(VersionState.PARSING)
            version.pages_done = version.pages_total = version.chunks_done = version.chunks_total = 0
        return _Target(
            version.id,
            document.id,
            document.knowledge_base_id,
            document.name,
            version.file_sha256,
            decrypt(services.settings.security.secret_key, version.encrypted_password),
            version.parsed_sha256,
            document.current_version_id is None,
        )


def _finish_without_work(lease: Lease, database: Database) -> None:
    with database.writing() as session:
        lease.finish(session, JobState.SUCCEEDED)


def _parse(target: _Target, lease: Lease, services: IngestServices) -> ParsedDocument:
    if target.parsed_sha256:
        return load_parsed(services.files.read(target.parsed_sha256))

    def save(done: int, total: int) -> None:
        with services.database.writing() as session:
            lease.confirm(session)
            version = session.get_one(DocumentVersion, target.version_id)
            version.pages_done, version.pages_total = done, total

    return parse_file(
        services.files.path(target.file_sha256),
        target.file_name,
        services.settings.ingest,
        on_progress=_now_and_then(save),
        password=target.password,
        keep_going=lease.check,
    )


def _store(
    target: _Target, parsed: ParsedDocument, chunks: Sequence[Chunk], lease: Lease, services: IngestServices
) -> list[Passage]:
    """Keep the parsed text, and put these chunks, edited as editors had them, in the place of an earlier attempt's.
    Returns what the index is to hold of them."""
    stored = services.files.put([dump_parsed(parsed)])
    rows = [
        ChunkRow(
            id=point_id(target.version_id, chunk.ordinal, services.embedding.name),
            version_id=target.version_id,
            ordinal=chunk.ordinal,
            start=chunk.start,
            end=chunk.end,
            text=chunk.text,
            context=chunk.context,
            heading_path=list(chunk.heading_path),
            token_count=chunk.token_count,
            content_hash=chunk.content_hash,
            is_enabled=True,
        )
        for chunk in chunks
    ]
    with services.database.writing() as session:
        lease.confirm(session)
        apply_edits(session, target.document_id, rows)
        passages = enabled_passages(rows, services.embedding.name)
        version = session.get_one(DocumentVersion, target.version_id)
        version.enter(VersionState.EMBEDDING)
        version.format, version.title = parsed.format, parsed.title[:1024]
        version.parsed_sha256 = stored.sha256
        version.coverage = [asdict(page) for page in parsed.pages]
        version.warnings = list(parsed.warnings)
        version.pages_done = version.pages_total = max(len(parsed.pages), version.pages_total)
        version.embedding_model = services.embedding.name
        version.chunks_total, version.chunks_done = len(passages), 0
        session.execute(delete(ChunkRow).where(ChunkRow.version_id == version.id))
        session.add_all(rows)
    return passages


def _index(target: _Target, passages: Sequence[Passage], lease: Lease, services: IngestServices) -> None:
    def save(done: int, _total: int) -> None:
        with services.database.writing() as session:
            lease.confirm(session)
            session.get_one(DocumentVersion, target.version_id).chunks_done = done

    ids = {passage.id for passage in passages}
    # Of a new document the index has nothing; asking all the same is a good part of a small file's time.
    is_new = target.is_first and not target.parsed_sha256
    held = [] if is_new else list(services.index.points(target.document_id))
    of_another_cut = [point.id for point in held if point.version_id == target.version_id and point.id not in ids]
    services.index.delete(of_another_cut)  # an earlier attempt's
    index_passages(
        passages,
        target.place,
        known_vectors(held, passages, services.index),  # of the version in use, or of an earlier attempt at this one
        services,
        published=False,
        before_step=lease.give_way,
        on_progress=_now_and_then(save),
    )


def _publish(target: _Target, lease: Lease, services: IngestServices) -> str | None:
    """Make the version the one that is found. Returns the version whose place it took."""
    services.index.publish(target.version_id)
    with services.database.writing() as session:
        lease.finish(session, JobState.SUCCEEDED)
        version = session.get_one(DocumentVersion, target.version_id)
        document = session.get_one(Document, target.document_id, with_for_update=True)  # an edit waits, or is seen
        replaced = document.current_version_id
        version.enter(VersionState.READY)
        version.ready_at = now()
        version.error_code = version.error_message = ""
        version.chunks_done = version.chunks_total
        document.current_version_id = version.id
        is_moved = document.knowledge_base_id != target.knowledge_base_id
        if is_moved or _was_edited_meanwhile(session, target):
            queue_reindexing(session, document.id)
        if replaced is None or replaced == version.id:
            return None
        session.get_one(DocumentVersion, replaced).state = VersionState.SUPERSEDED
        session.execute(delete(ChunkRow).where(ChunkRow.version_id == replaced))
        return replaced


def _was_edited_meanwhile(session: Session, target: _Target) -> bool:
    """Give the version the edits that were made while it was being read; whether there were any."""
    if not has_edits(session, target.document_id, target.version_id):
        return False  # nearly always: then no passage has to be read again
    rows = session.scalars(select(ChunkRow).where(ChunkRow.version_id == target.version_id)).all()
    before = [(row.is_enabled, row.content_hash) for row in rows]
    apply_edits(session, target.document_id, rows)
    return before != [(row.is_enabled, row.content_hash) for row in rows]


def _now_and_then(save: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Return a progress callback that writes the first step at once, the others at most once in PROGRESS_SECONDS, and
    not the end: the step that follows writes that all is done."""
    last = float("-inf")

    def report(done: int, total: int) -> None:
        nonlocal last
        if done < total and time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            save(done, total)

    return report
