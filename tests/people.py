"""Departments, people and knowledge bases for tests that ask who may do what."""

from __future__ import annotations

import itertools

import httpx

from kb_platform.accounts import Principal, add_user
from kb_platform.database.engine import Database
from kb_platform.database.people_tables import Department, Group, GroupMember
from kb_platform.database.tables import Document, DocumentVersion, KnowledgeBase, Role, VersionState
from kb_platform.domain.access import Level, Subject, SubjectKind
from kb_platform.shares import Share, set_shares

PASSWORD = "long enough"
_numbers = itertools.count(1)


def add_department(database: Database, name: str, parent_id: str | None = None) -> str:
    with database.writing() as session:
        row = Department(name=name, parent_id=parent_id)
        session.add(row)
    return row.id


def campus(admin: httpx.Client) -> dict[str, str]:
    """Let there be 教务处, and 外科 below 医学院, through the API; return all departments' ids by name."""
    departments = "/api/v1/departments"
    there = {one["name"]: one["id"] for one in admin.get(departments).json()["departments"]}
    for name, above in (("教务处", None), ("医学院", None), ("外科", "医学院")):
        body = {"name": name, "parent_id": there.get(above or "")}
        there[name] = there.get(name) or admin.post(departments, json=body).json()["id"]
    return there


def add_group(database: Database, name: str, *members: Principal) -> str:
    with database.writing() as session:
        row = Group(name=name)
        session.add(row)
        session.flush()
        session.add_all(GroupMember(group_id=row.id, user_id=member.user_id) for member in members)
    return row.id


def add_person(database: Database, role: Role, department_id: str | None = None) -> Principal:
    """A person with an account, as they are once signed in."""
    user = add_user(database, f"{role}{next(_numbers)}@example.edu", PASSWORD, role, department_id=department_id)
    return Principal(user.id, user.email, "", role, "session", "", department_id)


def add_base(database: Database, owner: Principal, *shares: Share, name: str = "Rules", department: str = "") -> str:
    """A knowledge base that its owner manages, shared with these too."""
    with database.writing() as session:
        row = KnowledgeBase(name=name, created_by=owner.user_id, department_id=department or None)
        session.add(row)
        session.flush()
        set_shares(session, row.id, [Share(user(owner), Level.MANAGER), *shares])
    return row.id


def add_read_document(
    database: Database, owner: Principal, base: str, versions: int = 1, name: str = "a.txt"
) -> tuple[str, list[str]]:
    """A document whose last version is in use."""
    with database.writing() as session:
        document = Document(knowledge_base_id=base, name=name, live_path=name, created_by=owner.user_id)
        session.add(document)
        session.flush()
        rows = [
            DocumentVersion(
                document_id=document.id,
                number=number + 1,
                file_sha256="0" * 64,
                file_bytes=1,
                state=VersionState.READY if number == versions - 1 else VersionState.SUPERSEDED,
                created_by=owner.user_id,
            )
            for number in range(versions)
        ]
        session.add_all(rows)
        session.flush()
        document.current_version_id = rows[-1].id
    return document.id, [row.id for row in rows]


def user(principal: Principal) -> Subject:
    return Subject(SubjectKind.USER, principal.user_id)


def department(department_id: str) -> Subject:
    return Subject(SubjectKind.DEPARTMENT, department_id)


def group(group_id: str) -> Subject:
    return Subject(SubjectKind.GROUP, group_id)
