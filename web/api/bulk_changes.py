"""One action for many documents at once."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from kb_platform import access, document_changes
from kb_platform.documents import QueuedJob
from kb_platform.domain.errors import InvalidInput, KnowledgeBaseError
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.documents import BulkFailure, BulkRequest, BulkResult
from web.services import Services
from web.waking import wake_workers

router = APIRouter(prefix="/documents", tags=["documents"])


@router.post("/bulk", operation_id="change_documents")
def change_documents(body: BulkRequest, caller: Caller, services: ServicesDep) -> BulkResult:
    """Delete, move, tag, pause, resume, cancel or read anew many documents. One that cannot be changed is in `failed`
    with the reason; the others are done."""
    if body.action == "move" and body.knowledge_base_id is None and body.folder is None:
        raise InvalidInput("Say where to: give knowledge_base_id, folder, or both.")
    if body.knowledge_base_id is not None:
        with services.database.reading() as session:
            access.writable_knowledge_base(session, caller, str(body.knowledge_base_id))
    change = _changes(body, services, caller.user_id)[body.action]
    done: list[str] = []
    failed: list[BulkFailure] = []
    jobs: list[QueuedJob] = []
    for document_id in dict.fromkeys(map(str, body.document_ids)):
        try:
            with services.database.reading() as session:
                access.writable_document(session, caller, document_id)
            jobs += change(document_id)
            done.append(document_id)
        except KnowledgeBaseError as error:
            failed.append(BulkFailure(id=document_id, code=error.code, message=error.message))
    wake_workers(services.celery, jobs)
    return BulkResult(done=done, failed=failed)


def _changes(body: BulkRequest, services: Services, user_id: str) -> dict[str, Callable[[str], list[QueuedJob]]]:
    """Return, by action, what is done to one document; it returns the jobs that it made."""
    database = services.database

    def pause(id_: str) -> list[QueuedJob]:
        document_changes.pause_document(database, id_)
        return []

    def tag(id_: str) -> list[QueuedJob]:
        document_changes.tag_document(database, id_, body.add_tags, body.remove_tags)
        return []

    def move(id_: str) -> list[QueuedJob]:
        target = str(body.knowledge_base_id) if body.knowledge_base_id else None
        return document_changes.change_document(database, id_, folder=body.folder, knowledge_base_id=target)

    return {
        "delete": lambda id_: [document_changes.delete_document(database, id_)],
        "pause": pause,
        "resume": lambda id_: document_changes.resume_document(database, id_),
        "cancel": lambda id_: [document_changes.cancel_reading(database, id_)],
        "reread": lambda id_: [document_changes.reread_document(database, id_, user_id)],
        "retry": lambda id_: [document_changes.retry_document(database, id_)],
        "move": move,
        "tag": tag,
    }
