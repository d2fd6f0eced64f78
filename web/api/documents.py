"""One document: its state, its original, its text, its pages, and where the original shows a passage."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response

from kb_platform import access, document_changes
from kb_platform.accounts import Principal
from kb_platform.database.tables import DocumentVersion
from kb_platform.document_states import document_state
from kb_platform.domain.document import PageAnchor, Segment
from kb_platform.domain.errors import InvalidInput, NotFound
from kb_platform.domain.provenance import locate
from kb_platform.encryption import decrypt, encrypt
from kb_platform.shares import restrictions_of
from web.api.dependencies import Caller, ServicesDep
from web.api.document_views import document_view
from web.api.schemas.documents import Content, ContentBlock, Document, DocumentChange, Highlights, RetryRequest
from web.services import Services
from web.waking import wake_workers

DEFAULT_PAGE_WIDTH = 1200
PRIVATE = {"Cache-Control": "private, no-cache"}
"""Kept by the browser but asked for each time: a right may have been taken away meanwhile."""

router = APIRouter(prefix="/documents/{document_id}", tags=["documents"])

VersionQuery = Annotated[UUID | None, Query(description="A version that an answer cites; the one in use if not given.")]


@router.get("", operation_id="get_document")
def get_document(document_id: UUID, caller: Caller, services: ServicesDep) -> Document:
    """One document, with what became of each page."""
    return _view(services, caller, str(document_id))


@router.patch("", operation_id="change_document")
def change_document(document_id: UUID, body: DocumentChange, caller: Caller, services: ServicesDep) -> Document:
    """Rename, put into a folder, tag, or move to another knowledge base."""
    with services.database.reading() as session:
        access.writable_document(session, caller, str(document_id))
        if body.knowledge_base_id:
            access.writable_knowledge_base(session, caller, str(body.knowledge_base_id))
    jobs = document_changes.change_document(
        services.database,
        str(document_id),
        name=body.name,
        folder=body.folder,
        tags=body.tags,
        knowledge_base_id=_text(body.knowledge_base_id),
    )
    wake_workers(services.celery, jobs)
    return _view(services, caller, str(document_id))


@router.delete("", status_code=204, operation_id="delete_document")
def delete_document(document_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Delete with all versions. It is not found any more from now on; the cleaning up follows."""
    _check_writable(services, caller, document_id)
    wake_workers(services.celery, [document_changes.delete_document(services.database, str(document_id))])


@router.post("/retry", status_code=202, operation_id="retry_document")
def retry_document(
    document_id: UUID, caller: Caller, services: ServicesDep, body: RetryRequest | None = None
) -> Document:
    """Read a document that failed once more, with its password where it needs one."""
    _check_writable(services, caller, document_id)
    password = encrypt(services.settings.security.secret_key, body.password if body else "")
    wake_workers(services.celery, [document_changes.retry_document(services.database, str(document_id), password)])
    return _view(services, caller, str(document_id))


@router.post("/reread", status_code=202, operation_id="reread_document")
def reread_document(document_id: UUID, caller: Caller, services: ServicesDep) -> Document:
    """Read the file of a ready document anew, as its next version; edits to its passages are kept."""
    _check_writable(services, caller, document_id)
    job = document_changes.reread_document(services.database, str(document_id), caller.user_id)
    wake_workers(services.celery, [job])
    return _view(services, caller, str(document_id))


@router.post("/pause", status_code=202, operation_id="pause_document")
def pause_document(document_id: UUID, caller: Caller, services: ServicesDep) -> Document:
    """Let the reading of a document rest. What has been read and embedded is kept."""
    _check_writable(services, caller, document_id)
    document_changes.pause_document(services.database, str(document_id))
    return _view(services, caller, str(document_id))


@router.post("/resume", status_code=202, operation_id="resume_document")
def resume_document(document_id: UUID, caller: Caller, services: ServicesDep) -> Document:
    """Go on with a reading that rests."""
    _check_writable(services, caller, document_id)
    wake_workers(services.celery, document_changes.resume_document(services.database, str(document_id)))
    return _view(services, caller, str(document_id))


@router.post("/cancel", status_code=202, operation_id="cancel_reading")
def cancel_reading(document_id: UUID, caller: Caller, services: ServicesDep) -> Document:
    """Stop the reading of a document for good. The version in use, if there is one, stays in use."""
    _check_writable(services, caller, document_id)
    wake_workers(services.celery, [document_changes.cancel_reading(services.database, str(document_id))])
    return _view(services, caller, str(document_id))


@router.get(
    "/original",
    operation_id="download_original",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
def download_original(
    document_id: UUID, caller: Caller, services: ServicesDep, version_id: VersionQuery = None
) -> FileResponse:
    """The file as it was uploaded, as an attachment."""
    with services.database.reading() as session:
        found = access.readable_version(session, caller, str(document_id), _text(version_id))
    return FileResponse(
        services.files.path(found.version.file_sha256),
        media_type="application/octet-stream",  # whatever it is, it must not run here
        headers={
            **PRIVATE,
            "Content-Disposition": attachment(found.document.name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


@router.get("/content", operation_id="get_document_content", response_model=Content)
def get_document_content(
    document_id: UUID, caller: Caller, services: ServicesDep, version_id: VersionQuery = None
) -> Response:
    """The document's text with its blocks: the reader view. Offsets count characters of `text`."""
    version = _version(services, caller, document_id, version_id)
    parsed = services.originals.parsed(version)
    content = Content(
        document_id=version.document_id,
        version_id=version.id,
        format=parsed.format,
        title=parsed.title,
        text=parsed.text,
        blocks=[
            ContentBlock(
                kind=block.kind,
                start=block.start,
                end=block.end,
                level=block.level,
                header_rows=block.header_rows,
                segments=without_edges(block.segments),
            )
            for block in parsed.blocks
        ],
        pages=list(parsed.pages),
    )
    return Response(content.model_dump_json(), media_type="application/json", headers=PRIVATE)


@router.get(
    "/pages/{number}",
    operation_id="get_document_page",
    response_class=Response,
    responses={200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_document_page(
    document_id: UUID,
    number: int,
    caller: Caller,
    services: ServicesDep,
    version_id: VersionQuery = None,
    width: Annotated[int, Query(ge=1, le=4000, description="Pixels; the next size that is made is sent.")] = (
        DEFAULT_PAGE_WIDTH
    ),
) -> Response:
    """A picture of a page of a PDF file or an image, counted from 1."""
    with services.database.reading() as session:
        found = access.readable_version(session, caller, str(document_id), _text(version_id))
    password = decrypt(services.settings.security.secret_key, found.version.encrypted_password)
    picture = services.originals.page(found.version, number, width, found.document.name, password)
    return Response(picture, media_type="image/png", headers=PRIVATE)


@router.get("/highlights", operation_id="get_document_highlights")
def get_document_highlights(
    document_id: UUID,
    caller: Caller,
    services: ServicesDep,
    start: Annotated[int, Query(ge=0, description="First character of the version's text.")],
    end: Annotated[int, Query(ge=0, description="The character after the last.")],
    version_id: VersionQuery = None,
) -> Highlights:
    """Where the original shows these characters: boxes on pages, paragraphs, shapes, cells."""
    parsed = services.originals.parsed(_version(services, caller, document_id, version_id))
    if not start < end <= len(parsed.text):
        raise InvalidInput(f"start and end must be inside the text, which has {len(parsed.text)} characters.")
    return Highlights(segments=without_edges(locate(parsed, start, end)))


def without_edges(segments: Iterable[Segment]) -> list[Segment]:
    """Return the segments without the edges of single characters, which are many and serve only to cut them."""
    return [
        dataclasses.replace(segment, anchor=dataclasses.replace(segment.anchor, edges=()))
        if isinstance(segment.anchor, PageAnchor)
        else segment
        for segment in segments
    ]


def attachment(name: str) -> str:
    """Return a Content-Disposition (RFC 6266) that carries any name: plain ASCII, and UTF-8 after RFC 5987."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _check_writable(services: Services, caller: Principal, document_id: UUID) -> None:
    with services.database.reading() as session:
        access.writable_document(session, caller, str(document_id))


def _version(services: Services, caller: Principal, document_id: UUID, version_id: UUID | None) -> DocumentVersion:
    with services.database.reading() as session:
        return access.readable_version(session, caller, str(document_id), _text(version_id)).version


def _view(services: Services, caller: Principal, document_id: str) -> Document:
    with services.database.reading() as session:
        access.readable_document(session, caller, document_id)
        state = document_state(session, document_id)
        is_restricted = bool(restrictions_of(session, document_id))
    if state is None:
        raise NotFound("There is no such document.")
    return document_view(state, is_restricted, with_coverage=True)


def _text(version_id: UUID | None) -> str | None:
    return str(version_id) if version_id else None
