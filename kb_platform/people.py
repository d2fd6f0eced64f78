"""Departments, groups and people: listing and changing. Who may do that is `kb_platform.access`'s to say."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kb_platform import web_search
from kb_platform.database.people_tables import Department, Group, GroupMember
from kb_platform.database.tables import ApiKey, KnowledgeBase, SignInSession, User, now
from kb_platform.domain.errors import Conflict, InvalidInput, NotFound
from kb_platform.shares import forget_subject

MOST_NAME_CHARACTERS = 200
MOST_MEMBERS = 10_000


@dataclass(frozen=True, slots=True)
class DepartmentSummary:
    """`user_count` and `knowledge_base_count` are its own, without those of departments below."""

    row: Department
    user_count: int
    knowledge_base_count: int


@dataclass(frozen=True, slots=True)
class GroupSummary:
    row: Group
    members: tuple[User, ...]


def made_password() -> str:
    """Return a password for a new account, to be shown once."""
    return secrets.token_urlsafe(12)


def departments(session: Session, among: Collection[str] | None = None) -> list[DepartmentSummary]:
    """Return the departments (of these, if given) by name."""
    users = select(User.department_id, func.count().label("n")).group_by(User.department_id).subquery()
    bases = (
        select(KnowledgeBase.department_id, func.count().label("n"))
        .where(KnowledgeBase.deleted_at.is_(None))
        .group_by(KnowledgeBase.department_id)
        .subquery()
    )
    query = (
        select(Department, users.c.n, bases.c.n)
        .outerjoin(users, users.c.department_id == Department.id)
        .outerjoin(bases, bases.c.department_id == Department.id)
        .order_by(Department.name, Department.id)
    )
    if among is not None:
        query = query.where(Department.id.in_(among))
    return [DepartmentSummary(row, people or 0, owned or 0) for row, people, owned in session.execute(query)]


def add_department(session: Session, name: str, parent_id: str | None) -> Department:
    """Add a department in the caller's transaction. Raises InvalidInput for an empty name, or one that a department
    beside it has."""
    row = Department(name=_free_department_name(session, name, parent_id), parent_id=parent_id)
    session.add(row)
    session.flush()
    return row


def change_department(
    session: Session, row: Department, name: str | None, parent_id: str | None, *, moves: bool
) -> None:
    """Rename a department and, if it `moves`, put it under another one (None: at the top). Raises InvalidInput, also
    where it would come to lie below itself."""
    if moves:
        above: str | None = parent_id
        while above is not None:
            if above == row.id:
                raise InvalidInput("A department cannot be part of itself or of one below it.", "department_cycle")
            above = session.scalar(select(Department.parent_id).where(Department.id == above))
        row.parent_id = parent_id
    row.name = _free_department_name(session, row.name if name is None else name, row.parent_id, row.id)
    session.flush()


def delete_department(session: Session, row: Department) -> None:
    """Delete a department to which nothing belongs any more. Raises Conflict."""
    for column in (Department.parent_id, User.department_id, KnowledgeBase.department_id, Group.department_id):
        if session.scalar(select(func.count()).where(column == row.id)):
            raise Conflict(
                "There are still departments, people, groups or knowledge bases in this department: move them first. "
                "Knowledge bases that are being deleted count until they are gone."
            )
    forget_subject(session, row.id)
    web_search.forget_department(session, row.id)
    session.delete(row)
    session.flush()


def users(
    session: Session,
    among: Collection[str] | None = None,
    query: str = "",
    department_id: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> tuple[list[User], int]:
    """Return the people of these departments (None: all), by address, and how many there are: those whose name or
    address holds the query, and who are in the department, where given."""
    found = select(User)
    if among is not None:
        found = found.where(User.department_id.in_(among))
    if department_id is not None:
        found = found.where(User.department_id == department_id)
    if query:
        found = found.where(_holds(query))
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    return list(session.scalars(found.order_by(User.email).limit(limit).offset(offset))), total


def suspend(session: Session, user: User) -> None:
    """End all of a person's sessions at once, in the caller's transaction; their keys open nothing while they are
    suspended."""
    user.is_active = False
    session.execute(delete(SignInSession).where(SignInSession.user_id == user.id))


def revoke_keys(session: Session, user: User) -> None:
    """Revoke all of a person's API keys, in the caller's transaction."""
    for key in session.scalars(select(ApiKey).where(ApiKey.user_id == user.id, ApiKey.revoked_at.is_(None))):
        key.revoked_at = now()


def groups(session: Session, among: Collection[str] | None = None) -> list[GroupSummary]:
    """Return the groups (of these departments, if given) by name, with their members by address."""
    query = select(Group).order_by(Group.name)
    if among is not None:
        query = query.where(Group.department_id.in_(among))
    rows = list(session.scalars(query))
    members: dict[str, list[User]] = {row.id: [] for row in rows}
    joined = (
        select(GroupMember.group_id, User)
        .join(User, User.id == GroupMember.user_id)
        .where(GroupMember.group_id.in_(members))
        .order_by(User.email)
    )
    for group_id, user in session.execute(joined):
        members[group_id].append(user)
    return [GroupSummary(row, tuple(members[row.id])) for row in rows]


def add_group(session: Session, name: str, department_id: str | None) -> Group:
    """Add an empty group in the caller's transaction. Raises InvalidInput for an empty name or one that is taken."""
    row = Group(name=_checked(name, "group"), department_id=department_id)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise _name_taken("group") from error
    return row


def rename_group(session: Session, row: Group, name: str) -> None:
    """Raises InvalidInput for an empty name or one that is taken."""
    name = _checked(name, "group")
    if session.scalar(select(Group.id).where(Group.name == name, Group.id != row.id)):
        raise _name_taken("group")
    row.name = name
    session.flush()


def set_members(session: Session, row: Group, user_ids: Collection[str]) -> None:
    """Let a group have exactly these members, in the caller's transaction. Raises InvalidInput for somebody unknown."""
    wanted = set(user_ids)
    if len(wanted) > MOST_MEMBERS:
        raise InvalidInput(f"A group has at most {MOST_MEMBERS} members.")
    if set(session.scalars(select(User.id).where(User.id.in_(wanted)))) != wanted:
        raise InvalidInput("There is no such person.", "subject_unknown")
    session.execute(delete(GroupMember).where(GroupMember.group_id == row.id))
    session.add_all(GroupMember(group_id=row.id, user_id=user_id) for user_id in sorted(wanted))
    session.flush()


def delete_group(session: Session, row: Group) -> None:
    """Delete a group; what was shared with it is not any more."""
    forget_subject(session, row.id)
    session.delete(row)
    session.flush()


def search_subjects(session: Session, query: str, limit: int) -> tuple[list[Department], list[Group], list[User]]:
    """Return the departments, groups and active people whose name or address holds the query, some of each."""
    found_departments = select(Department).where(Department.name.contains(query, autoescape=True))
    found_groups = select(Group).where(Group.name.contains(query, autoescape=True))
    found_users = select(User).where(User.is_active, _holds(query))
    return (
        list(session.scalars(found_departments.order_by(Department.name).limit(limit))),
        list(session.scalars(found_groups.order_by(Group.name).limit(limit))),
        list(session.scalars(found_users.order_by(User.email).limit(limit))),
    )


def unknown(what: str) -> NotFound:
    """Return the error for a department, group or person that there is not, or that the caller does not manage."""
    return NotFound(f"There is no such {what}.")


def _holds(query: str) -> ColumnElement[bool]:
    return or_(User.email.icontains(query, autoescape=True), User.display_name.icontains(query, autoescape=True))


def _free_department_name(session: Session, name: str, parent_id: str | None, own_id: str = "") -> str:
    name = _checked(name, "department")
    beside = select(Department.id).where(
        Department.name == name, Department.parent_id == parent_id, Department.id != own_id
    )
    if session.scalar(beside.limit(1)):
        raise _name_taken("department")
    return name


def _checked(name: str, what: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME_CHARACTERS:
        raise InvalidInput(f"A {what} needs a name of at most {MOST_NAME_CHARACTERS} characters.")
    return name


def _name_taken(what: str) -> InvalidInput:
    return InvalidInput(f"There is already a {what} of this name.", "name_taken")
