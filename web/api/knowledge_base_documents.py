"""The documents of a knowledge base: listing, uploading, and watching them live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from ingest.parsers import SUPPORTED_SUFFIXES
from kb_platform import access
from kb_platform.accounts import Principal
from kb_platform.document_states import document_state, live_documents
from kb_platform.documents import AddedDocument, add_document
from kb_platform.domain.errors import DuplicateFile, InvalidInput, KnowledgeBaseError
from kb_platform.encryption import encrypt
from kb_platform.files import read_parts
from kb_platform.shares import restricted_documents
from web.api.dependencies import Caller, ServicesDep
from web.api.document_views import document_view
from web.api.events import event_stream, server_sent_event
from web.api.schemas.documents import DocumentList, DuplicateUpload, RejectedFile, UploadResult
from web.api.watching import DocumentWatch
from web.services import Services
from web.unpacking import Refusal, UnpackLimits, with_archives_unpacked
from web.uploads import DUPLICATES_FIELD, FOLDERS_FIELD, PASSWORD_FIELD, Upload, too_large
from web.waking import wake_workers

MIB = 1024 * 1024
POLL_SECONDS = 0.5

router = APIRouter(prefix="/knowledge-bases/{knowledge_base_id}", tags=["documents"])

UPLOAD_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {
                    "files": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "format": "binary"},
                        "description": "One part for each file, with its name.",
                    },
                    "password": {"type": "string", "description": "Opens encrypted files of this upload."},
                    "keep_folders": {
                        "type": "string",
                        "enum": ["true", "false"],
                        "default": "false",
                        "description": "Keep the folders in the files' names (`rules/2024/dormitory.pdf`).",
                    },
                    "duplicates": {
                        "type": "string",
                        "enum": ["offer", "keep"],
                        "default": "offer",
                        "description": "What becomes of a file whose content is there under another name: not taken "
                        "but named in `duplicates`, or kept beside it.",
                    },
                },
            }
        }
    },
}


@router.get("/documents", operation_id="list_documents")
def list_documents(knowledge_base_id: UUID, caller: Caller, services: ServicesDep) -> DocumentList:
    """All documents by name."""
    with services.database.reading() as session:
        scope = access.scope_of(session, caller, [str(knowledge_base_id)])
        states = live_documents(session, str(knowledge_base_id), scope.hidden_document_ids)
        restricted = restricted_documents(session, str(knowledge_base_id))
    return DocumentList(documents=[document_view(state, state.document.id in restricted) for state in states])


@router.post(
    "/documents",
    status_code=202,
    operation_id="upload_documents",
    openapi_extra={"requestBody": UPLOAD_BODY},
)
async def upload_documents(
    knowledge_base_id: UUID, request: Request, caller: Caller, services: ServicesDep
) -> UploadResult:
    """Upload files; they are read in the background. A file with the name of a document that is there becomes its
    next version. A ZIP archive's files become documents of their own, in a folder named after it. Files that cannot be
    taken are in `rejected`; when none can be taken the answer is an error. Files whose content is there under another
    name are in `duplicates`."""
    await asyncio.to_thread(_check_writable, services, caller, str(knowledge_base_id))
    most_bytes = services.settings.server.max_upload_mib * MIB
    with Upload(services.files.folder / "incoming", request.headers.get("content-type", ""), most_bytes) as upload:
        await upload.receive(request.stream())
        if not upload.files:
            raise InvalidInput("The upload holds no file: send at least one in the field “files”.")
        if len(upload.files) == 1 and upload.files[0].path is None:
            raise too_large(upload.files[0].name, most_bytes)
        return await asyncio.to_thread(_keep, services, caller, str(knowledge_base_id), upload)


@router.get("/events", operation_id="watch_documents", response_class=EventSourceResponse)
async def watch_documents(knowledge_base_id: UUID, caller: Caller, services: ServicesDep) -> EventSourceResponse:
    """Live: `snapshot` with all documents first, then `document` for each change and `deleted`."""
    await asyncio.to_thread(_check_readable, services, caller, str(knowledge_base_id))
    return event_stream(_changes(services, caller, str(knowledge_base_id)))


def _check_writable(services: Services, caller: Principal, knowledge_base_id: str) -> None:
    with services.database.reading() as session:
        access.writable_knowledge_base(session, caller, knowledge_base_id)


def _check_readable(services: Services, caller: Principal, knowledge_base_id: str) -> None:
    with services.database.reading() as session:
        access.readable_knowledge_base(session, caller, knowledge_base_id)


def _keep(services: Services, caller: Principal, knowledge_base_id: str, upload: Upload) -> UploadResult:
    most_bytes = services.settings.server.max_upload_mib * MIB
    password = encrypt(services.settings.security.secret_key, upload.fields[PASSWORD_FIELD])
    keep_duplicates = _choice(upload, DUPLICATES_FIELD, ("offer", "keep")) == "keep"
    keep_folders = _choice(upload, FOLDERS_FIELD, ("false", "true")) == "true"
    added: list[AddedDocument] = []
    rejected: list[RejectedFile] = []
    duplicates: list[DuplicateUpload] = []
    refusal: KnowledgeBaseError | None = None
    folders = [file if keep_folders else replace(file, folder="") for file in upload.files]
    readable = frozenset({*SUPPORTED_SUFFIXES, *services.settings.ingest.readers})
    with services.database.reading() as session:
        hidden = access.scope_of(session, caller, [knowledge_base_id]).hidden_document_ids
    limits = UnpackLimits(most_file_bytes=most_bytes)
    for file in with_archives_unpacked(folders, readable, upload.fields[PASSWORD_FIELD], limits):
        if isinstance(file, Refusal):
            refusal = file.error
            rejected.append(RejectedFile(name=file.name, code=file.error.code, message=file.error.message))
            continue
        try:
            if file.path is None:
                raise too_large(file.name, most_bytes)
            added.append(
                add_document(
                    services.database,
                    services.files,
                    knowledge_base_id,
                    file.name,
                    read_parts(file.path),
                    caller.user_id,
                    password,
                    folder=file.folder,
                    keep_duplicates=keep_duplicates,
                    hidden=hidden,
                )
            )
            file.path.unlink()
        except DuplicateFile as error:
            duplicates.append(
                DuplicateUpload(
                    name=file.name, folder=file.folder, document_id=error.document_id, document_path=error.path
                )
            )
        except InvalidInput as error:
            refusal = error
            rejected.append(RejectedFile(name=file.name, code=error.code, message=error.message))
    if refusal is not None and not added and not duplicates:
        raise refusal
    wake_workers(services.celery, [document.job for document in added if document.job is not None])
    with services.database.reading() as session:
        ids = dict.fromkeys(document.document_id for document in added)
        states = [state for id_ in ids if (state := document_state(session, id_)) is not None]
        restricted = restricted_documents(session, knowledge_base_id)
    views = [document_view(state, state.document.id in restricted) for state in states]
    return UploadResult(documents=views, rejected=rejected, duplicates=duplicates)


def _choice(upload: Upload, field: str, allowed: tuple[str, str]) -> str:
    value = upload.fields[field] or allowed[0]
    if value not in allowed:
        raise InvalidInput(f"The field “{field}” is {' or '.join(allowed)}.")
    return value


async def _changes(services: Services, caller: Principal, knowledge_base_id: str) -> AsyncIterator[ServerSentEvent]:
    watch = DocumentWatch(services.database, caller, knowledge_base_id)
    first = await asyncio.to_thread(watch.snapshot)
    yield server_sent_event("snapshot", {"documents": [view.model_dump(mode="json") for view in first]})
    with suppress(KnowledgeBaseError):  # deleted, or not readable any more: the stream ends
        while True:
            await asyncio.sleep(POLL_SECONDS)
            changed, deleted = await asyncio.to_thread(watch.changes)
            for view in changed:
                yield server_sent_event("document", view.model_dump(mode="json"))
            for document_id in deleted:
                yield server_sent_event("deleted", {"id": document_id})
