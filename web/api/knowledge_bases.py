"""Knowledge bases."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from kb_platform import access, document_changes, knowledge_bases
from kb_platform.accounts import Principal
from kb_platform.domain.access import Level
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
        levels = access.levels(session, caller)
        found = knowledge_bases.summaries(session, levels)
    return KnowledgeBaseList(knowledge_bases=[_view(summary, levels[summary.row.id]) for summary in found])


@router.post("", status_code=201, operation_id="create_knowledge_base")
def create_knowledge_base(body: KnowledgeBaseRequest, caller: Caller, services: ServicesDep) -> KnowledgeBase:
    """Make an empty knowledge base. It belongs to the caller's department, if there is one."""
    access.require_maker(caller)
    with services.database.writing() as session:
        row = knowledge_bases.add_knowledge_base(
            session, caller.user_id, body.name, body.description, caller.department_id, body.share_with
        )
        return _view(knowledge_bases.KnowledgeBaseSummary(row, 0, 0), Level.MANAGER)


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
        row = access.manageable_knowledge_base(session, caller, str(knowledge_base_id))
        knowledge_bases.change_knowledge_base(row, body.name, body.description)
        session.flush()
        return _one(session, caller, row.id)


@router.delete("/{knowledge_base_id}", status_code=204, operation_id="delete_knowledge_base")
def delete_knowledge_base(knowledge_base_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Delete with all its documents. Nothing of it is found any more from now on; the cleaning up follows."""
    with services.database.reading() as session:
        access.manageable_knowledge_base(session, caller, str(knowledge_base_id))
    wake_workers(services.celery, [document_changes.delete_knowledge_base(services.database, str(knowledge_base_id))])


def _one(session: Session, caller: Principal, knowledge_base_id: str) -> KnowledgeBase:
    access.readable_knowledge_base(session, caller, knowledge_base_id)
    level = access.levels(session, caller, [knowledge_base_id])[knowledge_base_id]
    return _view(knowledge_bases.summaries(session, [knowledge_base_id])[0], level)


def _view(summary: knowledge_bases.KnowledgeBaseSummary, level: Level) -> KnowledgeBase:
    row = summary.row
    return KnowledgeBase(
        id=row.id,
        name=row.name,
        description=row.description,
        department_id=row.department_id,
        level=level,
        document_count=summary.document_count,
        ready_count=summary.ready_count,
        created_at=row.created_at,
    )
