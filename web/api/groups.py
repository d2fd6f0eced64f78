"""Groups of people, for administrators and for managers of departments."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from kb_platform import access, people
from kb_platform.accounts import Principal
from kb_platform.database.people_tables import Group as Row
from kb_platform.domain.errors import NotFound
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.people import Group, GroupChange, GroupList, GroupMember, GroupRequest

router = APIRouter(prefix="/groups", tags=["groups"])


@router.get("", operation_id="list_groups")
def list_groups(caller: Caller, services: ServicesDep) -> GroupList:
    """All groups by name; for a manager those of their department and of those below."""
    access.require_manager(caller)
    with services.database.reading() as session:
        found = people.groups(session, access.managed_departments(session, caller))
    return GroupList(groups=[_view(one) for one in found])


@router.post("", status_code=201, operation_id="create_group")
def create_group(body: GroupRequest, caller: Caller, services: ServicesDep) -> Group:
    """Make a group. A manager's has a department of theirs, and takes its members from their departments."""
    department_id = str(body.department_id) if body.department_id else None
    with services.database.writing() as session:
        access.require_place(session, caller, department_id)
        row = people.add_group(session, body.name, department_id)
        people.set_members(session, row, access.manageable_members(session, caller, map(str, body.member_ids)))
        return _one(session, row)


@router.patch("/{group_id}", operation_id="update_group")
def update_group(group_id: UUID, body: GroupChange, caller: Caller, services: ServicesDep) -> Group:
    """Rename a group, or change who is in it."""
    with services.database.writing() as session:
        row = access.manageable_group(session, caller, str(group_id))
        if body.name is not None:
            people.rename_group(session, row, body.name)
        if body.member_ids is not None:
            _change_members(session, caller, row, set(map(str, body.member_ids)))
        return _one(session, row)


@router.delete("/{group_id}", status_code=204, operation_id="delete_group")
def delete_group(group_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Delete a group. What was shared with it is not any more."""
    with services.database.writing() as session:
        people.delete_group(session, access.manageable_group(session, caller, str(group_id)))


def _change_members(session: Session, caller: Principal, row: Row, wanted: set[str]) -> None:
    there = {member.id for member in _summary(session, row).members}
    access.manageable_members(session, caller, wanted - there)
    people.set_members(session, row, wanted)


def _one(session: Session, row: Row) -> Group:
    return _view(_summary(session, row))


def _summary(session: Session, row: Row) -> people.GroupSummary:
    for one in people.groups(session):
        if one.row.id == row.id:
            return one
    raise NotFound("There is no such group.")


def _view(summary: people.GroupSummary) -> Group:
    row = summary.row
    members = [GroupMember.model_validate(member) for member in summary.members]
    return Group(id=row.id, name=row.name, department_id=row.department_id, members=members)
