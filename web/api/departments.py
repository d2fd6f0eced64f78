"""Departments, for administrators and for managers of departments."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from kb_platform import access, people, quotas
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.people import Department, DepartmentChange, DepartmentList, DepartmentRequest

QUOTAS = ("storage_mib", "documents", "tokens_per_day")

router = APIRouter(prefix="/departments", tags=["departments"])


@router.get("", operation_id="list_departments")
def list_departments(caller: Caller, services: ServicesDep) -> DepartmentList:
    """All departments by name; for a manager theirs and those below."""
    access.require_manager(caller)
    with services.database.reading() as session:
        found = people.departments(session, access.managed_departments(session, caller))
        return DepartmentList(departments=[_view(session, one) for one in found])


@router.post("", status_code=201, operation_id="create_department")
def create_department(body: DepartmentRequest, caller: Caller, services: ServicesDep) -> Department:
    """Add a department."""
    parent_id = str(body.parent_id) if body.parent_id else None
    with services.database.writing() as session:
        access.require_place(session, caller, parent_id)
        return _one(session, people.add_department(session, body.name, parent_id).id)


@router.patch("/{department_id}", operation_id="update_department")
def update_department(department_id: UUID, body: DepartmentChange, caller: Caller, services: ServicesDep) -> Department:
    """Rename a department, move it below another one, or (administrators) set its quotas."""
    moves = "parent_id" in body.model_fields_set
    parent_id = str(body.parent_id) if body.parent_id else None
    with services.database.writing() as session:
        row = access.manageable_department(session, caller, str(department_id))
        if moves and parent_id != row.parent_id:
            access.require_place(session, caller, parent_id)
            access.require_place(session, caller, row.parent_id)
        if given := body.model_fields_set & set(QUOTAS):
            access.require_administrator(caller)
            for name in given:
                setattr(row, name, getattr(body, name))
        people.change_department(session, row, body.name, parent_id, moves=moves)
        return _one(session, row.id)


@router.delete("/{department_id}", status_code=204, operation_id="delete_department")
def delete_department(department_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Delete a department to which nothing belongs any more."""
    with services.database.writing() as session:
        row = access.manageable_department(session, caller, str(department_id))
        access.require_place(session, caller, row.parent_id)
        people.delete_department(session, row)


def _one(session: Session, department_id: str) -> Department:
    return _view(session, people.departments(session, [department_id])[0])


def _view(session: Session, summary: people.DepartmentSummary) -> Department:
    row = summary.row
    held = quotas.held(session, access.departments_below(session, row.id))
    return Department(
        id=row.id,
        name=row.name,
        parent_id=row.parent_id,
        user_count=summary.user_count,
        knowledge_base_count=summary.knowledge_base_count,
        storage_mib=row.storage_mib,
        documents=row.documents,
        tokens_per_day=row.tokens_per_day,
        bytes_held=held.bytes,
        documents_held=held.documents,
        tokens_today=held.tokens_today,
    )
