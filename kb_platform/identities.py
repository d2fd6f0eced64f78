"""People whom a service of their organisation vouches for (single sign-on, a directory): which account is theirs, and
the one that is made at their first sign-in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kb_platform.accounts import NewSession, begin_session, normal_email
from kb_platform.database.engine import Database
from kb_platform.database.people_tables import Department, Identity
from kb_platform.database.tables import Role, User
from kb_platform.domain.errors import Conflict, SignOnRefused

log = logging.getLogger(__name__)

MOST_NAME_CHARACTERS = 200
MOST_SUBJECT_CHARACTERS = 255
MOST_NAMED_IN_LOG = 10


@dataclass(frozen=True, slots=True)
class Person:
    """What the service `issuer` says about somebody: the `subject` stays theirs whatever else changes. Texts are as
    they came."""

    issuer: str
    subject: str
    email: str
    name: str
    departments: tuple[str, ...] = ()
    is_email_sure: bool = False
    """Whether the address may open a local account that has it."""


def sign_in_as(database: Database, person: Person, departments: Mapping[str, str], hours: int) -> NewSession:
    """Begin a session of this person. Their account is made as a reader's at the first sign-in, and their department
    follows the first that is known here at each; `departments` says what is called otherwise here. Raises
    SignOnRefused for somebody suspended, for a missing e-mail address, and where the address is a local account's and
    not sure; Conflict when two first sign-ins meet."""
    if not 0 < len(person.subject) <= MOST_SUBJECT_CHARACTERS:
        raise SignOnRefused("Your organisation names you in a way that cannot be stored. Tell an administrator.")
    try:
        with database.writing() as session:
            user = _known(session, person) or _linked(session, person)
            if not user.is_active:
                raise SignOnRefused("Your account is suspended. Ask an administrator.", "sign_on_suspended")
            user.department_id = department_of(session, person, departments) or user.department_id
            session.flush()
            return begin_session(session, user, hours)
    except IntegrityError as error:
        raise Conflict("Two sign-ins at once made the same account. Sign in again.") from error


def department_of(session: Session, person: Person, departments: Mapping[str, str]) -> str | None:
    """Return the id of the first of the person's departments that there is here, and only once; None for none."""
    values = [value for said in person.departments if (value := _text(said))]
    for value in values:
        found = _named(session, departments.get(value, value))
        if found is not None:
            return found
    if values:
        log.warning(
            "None of somebody's departments is here, and only once: %.500s", "; ".join(values[:MOST_NAMED_IN_LOG])
        )
    return None


def _known(session: Session, person: Person) -> User | None:
    found = select(User).join(Identity, Identity.user_id == User.id)
    return session.scalar(found.where(Identity.issuer == person.issuer, Identity.subject == person.subject))


def _linked(session: Session, person: Person) -> User:
    email = normal_email(_text(person.email))
    if not email or len(email) > 320:
        raise SignOnRefused(
            "Your organisation does not say your e-mail address. Tell an administrator.", "sign_on_without_email"
        )
    user = session.scalar(select(User).where(User.email == email))
    if user is not None:
        if not person.is_email_sure:
            raise SignOnRefused(
                f"There is an account with the address {email} already, and your organisation has not verified that "
                "the address is yours. Sign in with that account's password, or ask an administrator.",
                "sign_on_address_taken",
            )
        if session.scalar(select(Identity.id).where(Identity.user_id == user.id, Identity.issuer == person.issuer)):
            raise SignOnRefused(
                f"The account of {email} belongs to somebody else in your organisation.", "sign_on_address_taken"
            )
    else:
        name = _text(person.name)[:MOST_NAME_CHARACTERS]
        user = User(email=email, display_name=name, password_hash="", role=Role.READER)
        session.add(user)
        session.flush()
    session.add(Identity(issuer=person.issuer, subject=person.subject, user_id=user.id))
    return user


def _named(session: Session, name: str) -> str | None:
    """Return the one department of this name or path."""
    exact = list(session.scalars(select(Department.id).where(Department.name == name).limit(2)))
    if exact:
        return exact[0] if len(exact) == 1 else None
    above: str | None = None
    for part in name.split("/"):
        below = select(Department.id).where(Department.name == part.strip(), Department.parent_id == above)
        above = session.scalar(below)
        if above is None:
            return None
    return above


def _text(value: str) -> str:
    return " ".join(value.replace("\x00", "").split())
