"""Two departments of an imagined university, their people and their credentials, for asking who may do what."""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from kb_platform import people
from kb_platform.accounts import SESSION_PREFIX
from kb_platform.api_keys import add_api_key
from kb_platform.database.engine import Database
from kb_platform.database.tables import ApiKey, Role, SignInSession, User, now
from kb_platform.domain.access import ALL_RIGHTS, Level, Right, Subject, SubjectKind
from kb_platform.knowledge_bases import add_knowledge_base
from kb_platform.passwords import new_hash
from kb_platform.shares import Share, set_shares

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, and a session that is open."""

    id: str
    email: str
    department_id: str | None
    token: str


@dataclass(frozen=True, slots=True)
class House:
    """Law owns a knowledge base that its people read and that `editor` edits; Medicine owns another one. `owner` made
    Law's; the administrator belongs to no department."""

    law: str
    medicine: str
    law_base: str
    medicine_base: str
    owner: Person
    reader: Person
    editor: Person
    manager: Person
    administrator: Person
    stranger: Person
    """Medicine's manager: of those who may read nothing of Law, the one who may do most."""


def build_house(database: Database) -> House:
    """Make departments, people and two empty knowledge bases."""
    with database.writing() as session:
        law = people.add_department(session, f"Law {next(_numbers)}", None).id
        medicine = people.add_department(session, f"Medicine {next(_numbers)}", None).id
    owner, editor = (add_person(database, Role.EDITOR, law) for _ in range(2))
    reader, manager = add_person(database, Role.READER, law), add_person(database, Role.MANAGER, law)
    stranger = add_person(database, Role.MANAGER, medicine)
    administrator = add_person(database, Role.ADMINISTRATOR, None)
    law_base = add_base(database, owner, law, editor)
    medicine_base = add_base(database, stranger, medicine)
    return House(law, medicine, law_base, medicine_base, owner, reader, editor, manager, administrator, stranger)


def add_person(database: Database, role: Role, department_id: str | None) -> Person:
    """Add somebody and sign them in, without the time that hashing a password takes."""
    email = f"{role}{next(_numbers)}@example.edu"
    row = User(email=email, password_hash=_password_hash(), role=role, department_id=department_id)
    with database.writing() as session:
        session.add(row)
    return Person(row.id, email, department_id, open_session(database, row.id))


@functools.cache
def _password_hash() -> str:
    return new_hash(PASSWORD)


def open_session(database: Database, user_id: str, hours: int = 1) -> str:
    """Begin a session and return its token; one of negative hours has expired."""
    token = f"{SESSION_PREFIX}{next(_numbers)}-{user_id}"
    with database.writing() as session:
        digest = hashlib.sha256(token.encode()).hexdigest()
        expires_at = now() + timedelta(hours=hours)
        session.add(SignInSession(token_hash=digest, user_id=user_id, expires_at=expires_at))
    return token


def add_key(
    database: Database,
    person: Person,
    rights: Collection[Right] = ALL_RIGHTS,
    knowledge_base_ids: Collection[str] | None = None,
    *,
    is_expired: bool = False,
) -> str:
    """Make an API key of somebody's and return it."""
    made = add_api_key(
        database, person.id, "key", now() + timedelta(hours=1), rights=rights, knowledge_base_ids=knowledge_base_ids
    )
    if is_expired:
        with database.writing() as session:
            session.get_one(ApiKey, made.row.id).expires_at = now() - timedelta(hours=1)
    return made.key


def add_base(database: Database, owner: Person, department_id: str, *editors: Person) -> str:
    """Make a knowledge base of a department, which reads it, with its maker as manager and some editors."""
    with database.writing() as session:
        row = add_knowledge_base(session, owner.id, f"Base {next(_numbers)}", "", department_id)
        shares = [Share(Subject(SubjectKind.USER, owner.id), Level.MANAGER)]
        shares.append(Share(Subject(SubjectKind.DEPARTMENT, department_id), Level.READER))
        shares += [Share(Subject(SubjectKind.USER, editor.id), Level.EDITOR) for editor in editors]
        set_shares(session, row.id, shares)
        return row.id


def suspended(database: Database, person: Person) -> tuple[str, str]:
    """Suspend somebody and return a session's token and a key that they had; the session is there again, as if
    suspending had forgotten to end it."""
    key = add_key(database, person)
    with database.writing() as session:
        people.suspend(session, session.get_one(User, person.id))
    return open_session(database, person.id), key
