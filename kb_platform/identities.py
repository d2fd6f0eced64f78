"""People who come by single sign-on: which account is theirs, and the one that is made at their first sign-in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kb_platform.accounts import NewSession, begin_session, normal_email
from kb_platform.database.engine import Database
from kb_platform.database.people_tables import Department, Identity
from kb_platform.database.tables import Role, User
from kb_platform.domain.errors import Conflict, SignOnRefused
from kb_platform.settings import SingleSignOnSettings

log = logging.getLogger(__name__)

MOST_NAME_CHARACTERS = 200
MOST_SUBJECT_CHARACTERS = 255


def sign_in_by_claims(
    database: Database, settings: SingleSignOnSettings, issuer: str, claims: Mapping[str, Any], hours: int
) -> NewSession:
    """Begin a session of who the provider says they are. Their account is made as a reader's at the first sign-in, and
    their department follows the claim at each. Raises SignOnRefused for somebody suspended, for a missing e-mail
    address, and where the address is a local account's and the provider has not verified it; Conflict when two first
    sign-ins meet."""
    subject = str(claims["sub"])
    if not 0 < len(subject) <= MOST_SUBJECT_CHARACTERS:
        raise SignOnRefused("The single sign-on names you in a way that cannot be stored. Tell an administrator.")
    try:
        with database.writing() as session:
            user = _known(session, issuer, subject) or _linked(session, settings, issuer, subject, claims)
            if not user.is_active:
                raise SignOnRefused("Your account is suspended. Ask an administrator.", "sign_on_suspended")
            department = _department(session, settings, claims)
            if department is not None:
                user.department_id = department
            session.flush()
            return begin_session(session, user, hours)
    except IntegrityError as error:
        raise Conflict("Two sign-ins at once made the same account. Sign in again.") from error


def _known(session: Session, issuer: str, subject: str) -> User | None:
    found = select(User).join(Identity, Identity.user_id == User.id)
    return session.scalar(found.where(Identity.issuer == issuer, Identity.subject == subject))


def _linked(
    session: Session, settings: SingleSignOnSettings, issuer: str, subject: str, claims: Mapping[str, Any]
) -> User:
    email = normal_email(_text(claims.get(settings.email_claim)))
    if not email or len(email) > 320:
        raise SignOnRefused(
            "The single sign-on does not say your e-mail address. Tell an administrator.", "sign_on_without_email"
        )
    user = session.scalar(select(User).where(User.email == email))
    if user is not None:
        if not settings.trust_email and claims.get("email_verified") is not True:
            raise SignOnRefused(
                f"There is an account with the address {email} already, and the single sign-on has not verified that "
                "the address is yours. Sign in with your password, or ask an administrator.",
                "sign_on_address_taken",
            )
        if session.scalar(select(Identity.id).where(Identity.user_id == user.id, Identity.issuer == issuer)):
            raise SignOnRefused(
                f"The account of {email} belongs to somebody else at the single sign-on.", "sign_on_address_taken"
            )
    else:
        name = _text(claims.get(settings.name_claim))[:MOST_NAME_CHARACTERS]
        user = User(email=email, display_name=name, password_hash="", role=Role.READER)
        session.add(user)
        session.flush()
    session.add(Identity(issuer=issuer, subject=subject, user_id=user.id))
    return user


def _department(session: Session, settings: SingleSignOnSettings, claims: Mapping[str, Any]) -> str | None:
    if not settings.department_claim:
        return None
    said = claims.get(settings.department_claim)
    values = [_text(value) for value in (said if isinstance(said, list) else [said])]
    for value in filter(None, values):
        found = _named(session, settings.departments.get(value, value))
        if found is not None:
            return found
        log.warning("The single sign-on names a department that is not here, or not once: %.200s", value)
    return None


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


def _text(value: Any) -> str:
    return " ".join(value.replace("\x00", "").split()) if isinstance(value, str) else ""
