"""With whom a knowledge base is shared, and to whom a document is restricted: for a knowledge base's managers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from kb_platform import access, people, shares
from kb_platform.domain.access import Subject, SubjectKind
from kb_platform.domain.errors import Conflict
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.people import (
    ShareList,
    SharesRequest,
    ShareView,
    SubjectList,
    SubjectRequest,
    SubjectsRequest,
    SubjectView,
)

MOST_OF_A_KIND = 10

router = APIRouter(tags=["sharing"])


@router.get("/knowledge-bases/{knowledge_base_id}/shares", operation_id="list_shares")
def list_shares(knowledge_base_id: UUID, caller: Caller, services: ServicesDep) -> ShareList:
    """With whom a knowledge base is shared. Administrators, and managers of its department, need no share."""
    with services.database.reading() as session:
        access.manageable_knowledge_base(session, caller, str(knowledge_base_id))
        return _shares(session, str(knowledge_base_id))


@router.put("/knowledge-bases/{knowledge_base_id}/shares", operation_id="set_shares")
def set_shares(knowledge_base_id: UUID, body: SharesRequest, caller: Caller, services: ServicesDep) -> ShareList:
    """Share a knowledge base with exactly these. What is taken away is gone at the next request."""
    wanted = [shares.Share(_subject(one.subject), one.level) for one in body.shares]
    with services.database.writing() as session:
        row = access.manageable_knowledge_base(session, caller, str(knowledge_base_id))
        shares.set_shares(session, row.id, wanted)
        if not access.still_manages(session, caller, row.id):
            raise Conflict("You would not manage this knowledge base any more. Somebody else has to take you out.")
        return _shares(session, row.id)


@router.get("/documents/{document_id}/restrictions", operation_id="list_restrictions")
def list_restrictions(document_id: UUID, caller: Caller, services: ServicesDep) -> SubjectList:
    """Who alone reads a document, beside its knowledge base's managers. Nobody is named where all its readers do."""
    with services.database.reading() as session:
        access.manageable_document(session, caller, str(document_id))
        return SubjectList(subjects=subject_views(session, shares.restrictions_of(session, str(document_id))))


@router.put("/documents/{document_id}/restrictions", operation_id="set_restrictions")
def set_restrictions(document_id: UUID, body: SubjectsRequest, caller: Caller, services: ServicesDep) -> SubjectList:
    """Let exactly these read a document, of those who read its knowledge base; none named: all of them."""
    with services.database.writing() as session:
        row = access.manageable_document(session, caller, str(document_id))
        shares.set_restrictions(session, row, subjects_of_request(body.subjects))
        return SubjectList(subjects=subject_views(session, shares.restrictions_of(session, row.id)))


@router.get("/subjects", operation_id="search_subjects")
def search_subjects(
    caller: Caller,
    services: ServicesDep,
    query: Annotated[str, Query(min_length=1, max_length=200, description="Part of a name or an address.")],
) -> SubjectList:
    """Departments, groups and people to share with, some of each; for those who may make knowledge bases."""
    access.require_maker(caller)
    with services.database.reading() as session:
        found = people.search_subjects(session, query.replace("\x00", "").strip(), MOST_OF_A_KIND)
    departments, groups, users = found
    return SubjectList(
        subjects=[
            *(SubjectView(kind=SubjectKind.DEPARTMENT, id=row.id, name=row.name) for row in departments),
            *(SubjectView(kind=SubjectKind.GROUP, id=row.id, name=row.name) for row in groups),
            *(SubjectView(kind=SubjectKind.USER, id=row.id, name=_named(row.display_name, row.email)) for row in users),
        ]
    )


def subject_views(session: Session, subjects: Iterable[Subject]) -> list[SubjectView]:
    """Return subjects as they are sent, with their names."""
    wanted = list(subjects)
    names = shares.subject_names(session, wanted)
    return [SubjectView(kind=one.kind, id=one.id, name=names.get(one, "")) for one in wanted]


def subjects_of_request(sent: Iterable[SubjectRequest]) -> list[Subject]:
    """Return subjects as they were sent."""
    return [_subject(one) for one in sent]


def _shares(session: Session, knowledge_base_id: str) -> ShareList:
    found = shares.shares_of(session, knowledge_base_id)
    views = subject_views(session, (one.subject for one in found))
    return ShareList(shares=[ShareView(subject=view, level=one.level) for view, one in zip(views, found, strict=True)])


def _subject(sent: SubjectRequest) -> Subject:
    return Subject(sent.kind, str(sent.id) if sent.id else "")


def _named(display_name: str, email: str) -> str:
    return f"{display_name} ({email})" if display_name else email
