"""Invitations: links that make one account, with the role and department that the inviter fixed."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kb_platform.accounts import digest, normal_email
from kb_platform.database.people_tables import Invitation
from kb_platform.database.tables import Role, User, now
from kb_platform.domain.errors import InvalidInput, NotFound

TOKEN_PREFIX = "kbi_"  # noqa: S105 - the start of every token
MOST_DAYS = 90


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """`token` is not kept anywhere: it goes into the link."""

    token: str
    row: Invitation


def add_invitation(
    session: Session, inviter_id: str, role: Role, department_id: str | None, email: str, days: int
) -> NewInvitation:
    """Make an invitation in the caller's transaction. Raises InvalidInput for an address that has an account."""
    email = normal_email(email)
    if email and session.scalar(select(User.id).where(User.email == email)):
        raise InvalidInput(f"There is already a user with the address {email}.", "address_taken")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = Invitation(
        token_hash=digest(token),
        email=email,
        role=role,
        department_id=department_id,
        created_by=inviter_id,
        expires_at=now() + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    return NewInvitation(token, row)


def open_invitations(session: Session, among: Collection[str] | None) -> list[tuple[Invitation, str]]:
    """Return the invitations into these departments (None: all) that can still be accepted, newest first, each with
    its inviter's address."""
    found = (
        select(Invitation, User.email)
        .join(User, User.id == Invitation.created_by)
        .where(Invitation.used_at.is_(None), Invitation.expires_at > now())
        .order_by(Invitation.created_at.desc())
    )
    if among is not None:
        found = found.where(Invitation.department_id.in_(among))
    return [(row, email) for row, email in session.execute(found)]


def find_invitation(session: Session, token: str) -> Invitation:
    """Return the invitation of a link. Raises NotFound for one that is unknown, used, withdrawn or expired."""
    row = session.scalar(select(Invitation).where(Invitation.token_hash == digest(token)))
    if row is None or row.used_at is not None or row.expires_at <= now():
        raise gone()
    return row


def accept_invitation(session: Session, row: Invitation, email: str, display_name: str, password_hash: str) -> User:
    """Make the account in the caller's transaction, of the invited address where the invitation names one. Raises
    NotFound when somebody was faster, InvalidInput for an address that is missing or taken."""
    email = normal_email(row.email or email)
    if not email:
        raise InvalidInput("An e-mail address is needed.", "address_needed")
    user = User(
        email=email,
        display_name=display_name,
        password_hash=password_hash,
        role=row.role,
        department_id=row.department_id,
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise InvalidInput(f"There is already a user with the address {email}.", "address_taken") from error
    unused = update(Invitation).where(Invitation.id == row.id, Invitation.used_at.is_(None))
    taken = session.execute(
        unused.values(used_at=now(), user_id=user.id), execution_options={"synchronize_session": False}
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise gone()
    return user


def gone() -> NotFound:
    """Return the error for a link that opens nothing (any more)."""
    return NotFound("This invitation is unknown, was used or withdrawn, or has expired. Ask for a new one.")
