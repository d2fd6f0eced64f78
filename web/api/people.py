"""People, for administrators and for managers of departments."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from kb_platform import access, accounts, people
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.people import NewPerson, Person, PersonChange, PersonList, PersonRequest

router = APIRouter(prefix="/users", tags=["users"])


@router.get("", operation_id="list_users")
def list_users(
    caller: Caller,
    services: ServicesDep,
    query: Annotated[str, Query(max_length=200, description="Part of a name or an address.")] = "",
    department_id: Annotated[UUID | None, Query(description="Only people of this department itself.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> PersonList:
    """People by address; for a manager those of their department and of those below."""
    access.require_manager(caller)
    wanted = str(department_id) if department_id else None
    with services.database.reading() as session:
        managed = access.managed_departments(session, caller)
        rows, total = people.users(session, managed, query.replace("\x00", "").strip(), wanted, limit, offset)
    return PersonList(users=[Person.model_validate(row) for row in rows], total=total)


@router.post("", status_code=201, operation_id="create_user")
def create_user(body: PersonRequest, caller: Caller, services: ServicesDep) -> NewPerson:
    """Add somebody with a local account. A password that is made here is in this answer and nowhere else."""
    access.require_session(caller)
    access.require_to_give(caller, body.role)
    department_id = str(body.department_id) if body.department_id else None
    with services.database.reading() as session:
        access.require_place(session, caller, department_id)
    password = body.password or people.made_password()
    user = accounts.add_user(
        services.database, body.email, password, body.role, body.display_name.strip(), department_id
    )
    shown = "" if body.password else password
    return NewPerson(**Person.model_validate(user).model_dump(), password=shown)


@router.patch("/{user_id}", operation_id="update_user")
def update_user(user_id: UUID, body: PersonChange, caller: Caller, services: ServicesDep) -> Person:
    """Change somebody's name, role or department, or suspend them. Takes effect on their next request."""
    with services.database.writing() as session:
        row = access.manageable_user(session, caller, str(user_id))
        if role := body.role:
            access.require_to_give(caller, role)
            row.role = role
        if "department_id" in body.model_fields_set:
            department_id = str(body.department_id) if body.department_id else None
            access.require_place(session, caller, department_id)
            row.department_id = department_id
        if body.display_name is not None:
            row.display_name = body.display_name.strip()
        if body.is_active is False:
            people.suspend(session, row)
        elif body.is_active:
            row.is_active = True
        access.require_administrator_left(session)
        return Person.model_validate(row)
