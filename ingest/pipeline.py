"""A stored file becomes passages that are found: parse → chunks → embeddings → index, published last.

Every step can be done again: point ids come from version, ordinal and embedding model, chunk rows are replaced as
one, and the version is found only after the last step, in one step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ingest.chunking import split_into_chunks
from ingest.sandbox import parse_file
from kb_platform.database.engine import Database
from kb_platform.database.tables import (
    ChunkRow,
    Document,
    DocumentVersion,
    JobState,
    VersionState,
    now,
)
from kb_platform.documents import is_live
from kb_platform.domain.chunk import Chunk
from kb_platform.domain.document import ParsedDocument, dump_parsed
from kb_platform.domain.errors import NothingReadable
from kb_platform.embedding import EmbeddingModel
from kb_platform.encryption import decrypt
from kb_platform.files import FileStore
from kb_platform.index import IndexedChunk, VectorIndex, point_id
from kb_platform.jobs import Lease
from kb_platform.settings import Settings

PROGRESS_SECONDS = 0.5
EMBEDDING_STEP = 64
"""Chunks embedded and written between two looks at the lease."""

Vectors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class IngestServices:
    """What the pipeline works with; made once per process by the composition root."""

    database: Database
    files: FileStore
    embedding: EmbeddingModel
    index: VectorIndex
    settings: Settings


@dataclass(frozen=True, slots=True)
class _Target:
    """The version to be read, as it stood when the job began."""

    version_id: str
    document_id: str
    knowledge_base_id: str
    file_name: str
    file_sha256: str
    password: str


def ingest_version(version_id: str, lease: Lease, services: IngestServices) -> None:
    """Read the version's file and make it what is found under its document's name; ends the lease's job.

    Raises UnreadableFile when the file cannot become passages, Unavailable when a part of the platform is away,
    LeaseLost when the job is no longer this worker's (cancelled, deleted, or taken over).
    """
    target = _load_target(version_id, services)
    if target is None:
        _finish_without_work(lease, services.database)
        return
    parsed = _parse(target, lease, services)
    chunks = split_into_chunks(parsed, services.embedding, services.settings.ingest)
    if not chunks:
        raise NothingReadable(target.file_name, "the file holds no text that could be found.")
    known = _known_vectors(target, chunks, services)
    _store(target, parsed, chunks, services)
    _embed_and_index(target, chunks, known, lease, services)
    replaced = _publish(target, lease, services)
    if replaced:
        services.index.delete_version(replaced)


def mark_failed(session: Session, version_id: str, code: str, message: str) -> None:
    """Record in the caller's transaction why the version cannot be used."""
    version = session.get(DocumentVersion, version_id)
    if version is not None:
        version.state = VersionState.FAILED
        version.error_code, version.error_message = code, message


def discard_cancelled(version_id: str, services: IngestServices) -> None:
    """Remove what a cancelled reading had put into the index; a version that another worker reads is left alone."""
    with services.database.reading() as session:
        version = session.get(DocumentVersion, version_id)
        wanted = version is not None and version.state != VersionState.FAILED and is_live(session, version)
    if not wanted:
        services.index.delete_version(version_id)


def _load_target(version_id: str, services: IngestServices) -> _Target | None:
    with services.database.writing() as session:
        version = session.get(DocumentVersion, version_id)
        if version is None or not is_live(session, version):
            return None
        if version.state in (VersionState.READY, VersionState.SUPERSEDED):
            return None
        document = session.get_one(Document, version.document_id)
        version.state = VersionState.PARSING
        version.pages_done = version.pages_total = version.chunks_done = version.chunks_total = 0
        return _Target(
            version.id,
            document.id,
            document.knowledge_base_id,
            document.name,
            version.file_sha256,
            decrypt(services.settings.security.secret_key, version.encrypted_password),
        )


def _finish_without_work(lease: Lease, database: Database) -> None:
    with database.writing() as session:
        lease.finish(session, JobState.SUCCEEDED)


def _parse(target: _Target, lease: Lease, services: IngestServices) -> ParsedDocument:
    def save(done: int, total: int) -> None:
        with services.database.writing() as session:
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


def _known_vectors(target: _Target, chunks: Sequence[Chunk], services: IngestServices) -> Vectors:
    """Return, by content hash, the vectors of these chunks that the version in use (or an earlier attempt at this
    one) has in the index already."""
    wanted = {chunk.content_hash for chunk in chunks}
    with services.database.reading() as session:
        document = session.get_one(Document, target.document_id)
        rows = session.execute(
            select(ChunkRow.id, ChunkRow.content_hash)
            .join(DocumentVersion, DocumentVersion.id == ChunkRow.version_id)
            .where(
                ChunkRow.version_id.in_([target.version_id, document.current_version_id or target.version_id]),
                DocumentVersion.embedding_model == services.embedding.name,
            )
        ).all()
    hash_of = {row.id: row.content_hash for row in rows if row.content_hash in wanted}
    return {hash_of[id_]: vector for id_, vector in services.index.vectors(list(hash_of)).items()}


def _store(target: _Target, parsed: ParsedDocument, chunks: Sequence[Chunk], services: IngestServices) -> None:
    """Keep the parsed text, and put these chunks in the place of an earlier attempt's."""
    stored = services.files.put([dump_parsed(parsed)])
    with services.database.writing() as session:
        version = session.get_one(DocumentVersion, target.version_id)
        version.state = VersionState.EMBEDDING
        version.format, version.title = parsed.format, parsed.title[:1024]
        version.parsed_sha256 = stored.sha256
        version.coverage = [asdict(page) for page in parsed.pages]
        version.warnings = list(parsed.warnings)
        version.pages_done = version.pages_total = max(len(parsed.pages), version.pages_total)
        version.embedding_model = services.embedding.name
        version.chunks_total, version.chunks_done = len(chunks), 0
        session.execute(delete(ChunkRow).where(ChunkRow.version_id == version.id))
        session.add_all(
            ChunkRow(
                id=point_id(version.id, chunk.ordinal, services.embedding.name),
                version_id=version.id,
                ordinal=chunk.ordinal,
                start=chunk.start,
                end=chunk.end,
                text=chunk.text,
                context=chunk.context,
                heading_path=list(chunk.heading_path),
                token_count=chunk.token_count,
                content_hash=chunk.content_hash,
            )
            for chunk in chunks
        )


def _embed_and_index(
    target: _Target, chunks: Sequence[Chunk], known: Vectors, lease: Lease, services: IngestServices
) -> None:
    def save(done: int, _total: int) -> None:
        with services.database.writing() as session:
            session.get_one(DocumentVersion, target.version_id).chunks_done = done

    progress = _now_and_then(save)
    if services.index.count(target.version_id) > len(chunks):
        services.index.delete_version(target.version_id)  # an earlier attempt made more chunks than there are now
    for first in range(0, len(chunks), EMBEDDING_STEP):
        lease.check()
        step = chunks[first : first + EMBEDDING_STEP]
        vectors = _embed(step, known, services.embedding)
        services.index.upsert(
            [
                IndexedChunk(
                    id=point_id(target.version_id, chunk.ordinal, services.embedding.name),
                    vector=vector,
                    text=chunk.embedding_text,
                    knowledge_base_id=target.knowledge_base_id,
                    document_id=target.document_id,
                    version_id=target.version_id,
                    ordinal=chunk.ordinal,
                )
                for chunk, vector in zip(step, vectors, strict=True)
            ]
        )
        progress(first + len(step), len(chunks))


def _embed(chunks: Sequence[Chunk], known: Vectors, embedding: EmbeddingModel) -> list[NDArray[np.float32]]:
    new = [chunk for chunk in chunks if chunk.content_hash not in known]
    made: Vectors = {}
    if new:
        vectors = embedding.embed_passages([chunk.embedding_text for chunk in new])
        made = {chunk.content_hash: vector for chunk, vector in zip(new, vectors, strict=True)}
    return [known[chunk.content_hash] if chunk.content_hash in known else made[chunk.content_hash] for chunk in chunks]


def _publish(target: _Target, lease: Lease, services: IngestServices) -> str | None:
    """Make the version the one that is found. Returns the version whose place it took."""
    services.index.publish(target.version_id)
    with services.database.writing() as session:
        lease.finish(session, JobState.SUCCEEDED)
        version = session.get_one(DocumentVersion, target.version_id)
        document = session.get_one(Document, target.document_id)
        replaced = document.current_version_id
        version.state, version.ready_at = VersionState.READY, now()
        version.error_code = version.error_message = ""
        version.chunks_done = version.chunks_total
        document.current_version_id = version.id
        if replaced is None or replaced == version.id:
            return None
        session.get_one(DocumentVersion, replaced).state = VersionState.SUPERSEDED
        session.execute(delete(ChunkRow).where(ChunkRow.version_id == replaced))
        return replaced


def _now_and_then(save: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Return a progress callback that writes at most once in PROGRESS_SECONDS, and always when all is done."""
    last = float("-inf")

    def report(done: int, total: int) -> None:
        nonlocal last
        if done >= total or time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            save(done, total)

    return report
