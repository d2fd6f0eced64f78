"""The passages of a document: seeing how it was cut, mending what was read wrongly, switching off what misleads."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from kb_platform import access, chunk_edits
from kb_platform.accounts import Principal
from kb_platform.chunks import ListedChunk, Which, list_chunks, one_chunk
from kb_platform.database.tables import ChunkRow, DocumentVersion
from kb_platform.documents import QueuedJob
from kb_platform.domain.document import Anchor, ParsedDocument
from kb_platform.domain.errors import Conflict, NotFound
from kb_platform.domain.provenance import locate
from web.api.dependencies import Caller, ServicesDep
from web.api.documents import VersionQuery, without_edges
from web.api.schemas.chunks import Chunk, ChunkChange, ChunkDraft, ChunkList, DraftSize, UnusedEdit
from web.services import Services
from web.waking import wake_workers

router = APIRouter(prefix="/documents/{document_id}", tags=["passages"])


@router.get("/chunks", operation_id="list_chunks")
def get_chunks(
    document_id: UUID,
    caller: Caller,
    services: ServicesDep,
    version_id: VersionQuery = None,
    which: Annotated[Which, Query(description="All, those with an edited text, or those that are switched off.")] = (
        Which.ALL
    ),
    query: Annotated[str, Query(max_length=200, description="Only passages that hold these words.")] = "",
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ChunkList:
    """The passages that a document was cut into, in reading order. Of versions that were replaced none are kept."""
    with services.database.reading() as session:
        found = access.readable_version(session, caller, str(document_id), str(version_id) if version_id else None)
        page = list_chunks(
            session, found.version.id, which=which, query=query.replace("\x00", ""), offset=offset, limit=limit
        )
        unused = chunk_edits.unused_edits(session, str(document_id))
    parsed = _parsed(services, found.version)
    return ChunkList(
        version_id=found.version.id,
        is_current=found.version.id == found.document.current_version_id,
        chunks=[_view(services, chunk, parsed) for chunk in page.chunks],
        total=page.total,
        chunk_count=page.chunk_count,
        edited_count=page.edited_count,
        off_count=page.off_count,
        max_tokens=services.embedding.max_tokens,
        unused_edits=[UnusedEdit.model_validate(edit) for edit in unused],
    )


@router.patch("/chunks/{chunk_id}", operation_id="edit_chunk")
def edit_chunk(document_id: UUID, chunk_id: UUID, body: ChunkChange, caller: Caller, services: ServicesDep) -> Chunk:
    """Put another text in the place of a passage's, or switch it off or on. It is found by the new words within
    seconds, and stays edited when the file is read anew."""
    _check_writable(services, caller, document_id)
    job = chunk_edits.edit_chunk(
        services.database,
        services.embedding,
        str(document_id),
        str(chunk_id),
        caller.user_id,
        text=body.text,
        is_enabled=body.is_enabled,
    )
    return _changed(services, caller, document_id, chunk_id, job)


@router.delete("/chunks/{chunk_id}/edit", operation_id="undo_chunk_edit")
def undo_chunk_edit(document_id: UUID, chunk_id: UUID, caller: Caller, services: ServicesDep) -> Chunk:
    """Give a passage the original's text back, and switch it on."""
    _check_writable(services, caller, document_id)
    job = chunk_edits.undo_edit(services.database, str(document_id), str(chunk_id))
    return _changed(services, caller, document_id, chunk_id, job)


@router.post("/chunks/{chunk_id}/size", operation_id="measure_chunk")
def measure_chunk(
    document_id: UUID, chunk_id: UUID, body: ChunkDraft, caller: Caller, services: ServicesDep
) -> DraftSize:
    """How long a text would be in a passage's place, in the embedding model's tokens. Changes nothing."""
    with services.database.reading() as session:
        access.readable_document(session, caller, str(document_id))
        row = session.get(ChunkRow, str(chunk_id))
        version = session.get(DocumentVersion, row.version_id) if row else None
        if row is None or version is None or version.document_id != str(document_id):
            raise NotFound("There is no such passage any more.")
    text = f"{row.context}\n{body.text}" if row.context else body.text
    return DraftSize(token_count=services.embedding.count_tokens(text), max_tokens=services.embedding.max_tokens)


@router.delete("/chunk-edits/{edit_id}", status_code=204, operation_id="discard_chunk_edit")
def discard_chunk_edit(document_id: UUID, edit_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Forget an edit whose passage is not in the document any more."""
    _check_writable(services, caller, document_id)
    chunk_edits.discard_unused_edit(services.database, str(document_id), str(edit_id))


def _changed(services: Services, caller: Principal, document_id: UUID, chunk_id: UUID, job: QueuedJob) -> Chunk:
    wake_workers(services.celery, [job])
    with services.database.reading() as session:
        version = access.readable_version(session, caller, str(document_id)).version
        chunk = one_chunk(session, str(chunk_id))
    return _view(services, chunk, _parsed(services, version))


def _view(services: Services, chunk: ListedChunk, parsed: ParsedDocument | None) -> Chunk:
    row = chunk.row
    is_edited = row.edited_text is not None
    return Chunk(
        id=row.id,
        ordinal=row.ordinal,
        start=row.start,
        end=row.end,
        text=row.text,
        edited_text=row.edited_text,
        context=row.context,
        heading_path=row.heading_path,
        token_count=services.embedding.count_tokens(row.embedding_text) if is_edited else row.token_count,
        is_enabled=row.is_enabled,
        edited_by=chunk.edited_by,
        edited_at=chunk.edited_at,
        place=_place(parsed, row) if parsed else None,
    )


def _place(parsed: ParsedDocument, row: ChunkRow) -> Anchor | None:
    segments = without_edges(locate(parsed, row.start, row.end)[:1])
    return segments[0].anchor if segments else None


def _parsed(services: Services, version: DocumentVersion) -> ParsedDocument | None:
    try:
        return services.originals.parsed(version)
    except Conflict:  # not read yet: then it has no passages either
        return None


def _check_writable(services: Services, caller: Principal, document_id: UUID) -> None:
    with services.database.reading() as session:
        access.writable_document(session, caller, str(document_id))
