"""Knowledge bases."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from kb_platform import access, document_changes, knowledge_bases
from kb_platform.accounts import Principal
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.knowledge_bases import (
    KnowledgeBase,
    KnowledgeBaseChange,
    KnowledgeBaseList,
    KnowledgeBaseRequest,
)
from web.waking import wake_workers

router = APIRouter(prefix="/knowledge-bases", tags=["knowledge bases"])


@router.get("", operation_id="list_knowledge_bases")
def list_knowledge_bases(caller: Caller, services: ServicesDep) -> KnowledgeBaseList:
    """All that the caller may read, by name."""
    with services.database.reading() as session:
        found = knowledge_bases.summaries(session, access.readable_scope(session, caller))
    return KnowledgeBaseList(knowledge_bases=[_view(summary) for summary in found])


@router.post("", status_code=201, operation_id="create_knowledge_base")
def create_knowledge_base(body: KnowledgeBaseRequest, caller: Caller, services: ServicesDep) -> KnowledgeBase:
    """Make an empty knowledge base."""
    access.require_writer(caller)
    with services.database.writing() as session:
        row = knowledge_bases.add_knowledge_base(session, caller.user_id, body.name, body.description)
        return _view(knowledge_bases.KnowledgeBaseSummary(row, 0, 0))


@router.get("/{knowledge_base_id}", operation_id="get_knowledge_base")
def get_knowledge_base(knowledge_base_id: UUID, caller: Caller, services: ServicesDep) -> KnowledgeBase:
    """One knowledge base."""
    with services.database.reading() as session:
        return _one(session, caller, str(knowledge_base_id))


@router.patch("/{knowledge_base_id}", operation_id="update_knowledge_base")
def update_knowledge_base(
    knowledge_base_id: UUID, body: KnowledgeBaseChange, caller: Caller, services: ServicesDep
) -> KnowledgeBase:
    """Change name or description."""
    with services.database.writing() as session:
        row = access.writable_knowledge_base(session, caller, str(knowledge_base_id))
        knowledge_bases.change_knowledge_base(row, body.name, body.description)
        session.flush()
        return _one(session, caller, row.id)


@router.delete("/{knowledge_base_id}", status_code=204, operation_id="delete_knowledge_base")
def delete_knowledge_base(knowledge_base_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Delete with all its documents. Nothing of it is found any more from now on; the cleaning up follows."""
    with services.database.reading() as session:
        access.writable_knowledge_base(session, caller, str(knowledge_base_id))
    wake_workers(services.celery, [document_changes.delete_knowledge_base(services.database, str(knowledge_base_id))])


def _one(session: Session, caller: Principal, knowledge_base_id: str) -> KnowledgeBase:
    scope = access.scope_of(session, caller, [knowledge_base_id])
    return _view(knowledge_bases.summaries(session, scope)[0])


def _view(summary: knowledge_bases.KnowledgeBaseSummary) -> KnowledgeBase:
    row = summary.row
    return KnowledgeBase(
        id=row.id,
        name=row.name,
        description=row.description,
        document_count=summary.document_count,
        ready_count=summary.ready_count,
        created_at=row.created_at,
    )
