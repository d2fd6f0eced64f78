"""Whom a caller counts as: themselves, their groups, their department and all above it, everyone."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from kb_platform.accounts import Principal
from kb_platform.database.people_tables import Department, GroupMember
from kb_platform.database.tables import Role
from kb_platform.domain.access import EVERYONE, Subject, SubjectKind


def subjects_of(session: Session, principal: Principal) -> frozenset[Subject]:
    """Return every subject that a share can name and the caller is one of."""
    groups = session.scalars(select(GroupMember.group_id).where(GroupMember.user_id == principal.user_id))
    return frozenset(
        {
            EVERYONE,
            Subject(SubjectKind.USER, principal.user_id),
            *(Subject(SubjectKind.GROUP, id_) for id_ in groups),
            *(Subject(SubjectKind.DEPARTMENT, id_) for id_ in departments_above(session, principal.department_id)),
        }
    )


def departments_above(session: Session, department_id: str | None) -> frozenset[str]:
    """Return the department and all that it belongs to; none for none."""
    if department_id is None:
        return frozenset()
    start = select(Department.id, Department.parent_id).where(Department.id == department_id)
    found = start.cte("above", recursive=True)
    found = found.union(select(Department.id, Department.parent_id).join(found, Department.id == found.c.parent_id))
    return frozenset(session.scalars(select(found.c.id)))


def departments_below(session: Session, department_id: str | None) -> frozenset[str]:
    """Return the department and all that belong to it; none for none."""
    if department_id is None:
        return frozenset()
    return frozenset(session.scalars(below(department_id)))


def managed_departments(session: Session, principal: Principal) -> frozenset[str] | None:
    """Return the departments whose people and knowledge bases the caller manages; None: all, with what belongs to
    none."""
    if principal.role is Role.ADMINISTRATOR:
        return None
    if principal.role is Role.MANAGER:
        return departments_below(session, principal.department_id)
    return frozenset()


def below(department_id: str) -> Select[str]:
    """Return the query of the ids of a department and all that belong to it."""
    found = select(Department.id).where(Department.id == department_id).cte("below", recursive=True)
    lower = aliased(Department)
    found = found.union(select(lower.id).join(found, lower.parent_id == found.c.id))
    return select(found.c.id)
