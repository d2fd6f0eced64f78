"""Accounts: users, their sign-in sessions, and who holds a credential.

Tokens and keys are random, shown once, and stored as SHA-256 only: 256 bits of chance need no slow hash.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Executable, Row, bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kb_platform.database.engine import Database
from kb_platform.database.tables import ApiKey, Role, SignInSession, User, now
from kb_platform.domain.access import ALL_RIGHTS, Right
from kb_platform.domain.errors import InvalidInput, NotAuthenticated
from kb_platform.passwords import matches, new_hash, renewed_hash
from kb_platform.settings import SecuritySettings

Credential = Literal["session", "api_key", "widget"]

SESSION_PREFIX = "kbs_"
API_KEY_PREFIX = "kbk_"
LAST_USE_STEP = timedelta(minutes=1)
"""A key's last use is noted no more often than this: one write a request would serialise all readers."""

SESSION_ENDED = "You are not signed in, or the session has ended. Sign in again."
KEY_UNKNOWN = "This API key is unknown or was revoked."


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, resolved once per request; `credential_id` is the session's token hash or the API key's id.

    `rights` and `knowledge_base_ids` (None: all) are what an API key was limited to.
    """

    user_id: str
    email: str
    display_name: str
    role: Role
    credential: Credential
    credential_id: str
    department_id: str | None = None
    rights: frozenset[Right] = ALL_RIGHTS
    knowledge_base_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class NewSession:
    """`token` is not kept anywhere: it is the caller's from here on."""

    token: str
    expires_at: datetime
    user: User


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """The administrator made at first start; `password` is None when the setting gave it."""

    email: str
    password: str | None


def ensure_administrator(database: Database, settings: SecuritySettings) -> FirstAdministrator | None:
    """Make the first administrator where there is no user yet; None where there is one (or another process won)."""
    with database.reading() as session:
        if session.scalar(select(func.count()).select_from(User)):
            return None
    given = settings.admin_password.get_secret_value() if settings.admin_password else None
    password = given or secrets.token_urlsafe(12)
    try:
        add_user(database, settings.admin_email, password, Role.ADMINISTRATOR, display_name="Administrator")
    except InvalidInput:
        with database.reading() as session:
            if session.scalar(select(User.id).where(User.email == normal_email(settings.admin_email))):
                return None
        raise
    return FirstAdministrator(normal_email(settings.admin_email), None if given else password)


def add_user(
    database: Database,
    email: str,
    password: str,
    role: Role,
    display_name: str = "",
    department_id: str | None = None,
) -> User:
    """Add an active user. Raises InvalidInput for a weak password or an e-mail address that is taken."""
    email = normal_email(email)
    if not email or len(email) > 320:
        raise InvalidInput("An e-mail address is needed.", "address_needed")
    user = User(
        email=email,
        display_name=display_name,
        password_hash=new_hash(password),
        role=role,
        department_id=department_id,
    )
    try:
        with database.writing() as session:
            session.add(user)
    except IntegrityError as error:
        raise InvalidInput(f"There is already a user with the address {email}.", "address_taken") from error
    return user


def sign_in(database: Database, email: str, password: str, hours: int) -> NewSession:
    """Begin a session. Raises NotAuthenticated with one and the same message whatever was wrong."""
    with database.reading() as session:
        user = session.scalar(select(User).where(User.email == normal_email(email)))
    is_right = matches(user.password_hash if user else "", password)
    if user is None or not is_right or not user.is_active:
        raise NotAuthenticated("The e-mail address or the password is wrong.")
    with database.writing() as session:
        if renewed := renewed_hash(user.password_hash, password):
            session.execute(update(User).where(User.id == user.id).values(password_hash=renewed))
        return begin_session(session, user, hours)


def begin_session(session: Session, user: User, hours: int) -> NewSession:
    """Begin a session of somebody who has shown who they are, in the caller's transaction."""
    token = SESSION_PREFIX + secrets.token_urlsafe(32)
    expires_at = now() + timedelta(hours=hours)
    session.execute(delete(SignInSession).where(SignInSession.expires_at < now()))
    session.add(SignInSession(token_hash=digest(token), user_id=user.id, expires_at=expires_at))
    return NewSession(token, expires_at, user)


def sign_out(database: Database, principal: Principal) -> None:
    """End the session that the principal came with."""
    with database.writing() as session:
        session.execute(delete(SignInSession).where(SignInSession.token_hash == principal.credential_id))


def authenticate(database: Database, credential: str) -> Principal:
    """Return who holds this session token or API key. Raises NotAuthenticated when it is unknown, expired or
    revoked, or when its user is suspended."""
    with database.reading() as session:
        if credential.startswith(API_KEY_PREFIX):
            row = _one(session, _KEY_BY_HASH, digest(credential), KEY_UNKNOWN)
            principal, last_used_at = _of_api_key(row), row.last_used_at
        else:
            row = _one(session, _SESSION_BY_HASH, digest(credential), SESSION_ENDED)
            principal, last_used_at = _of_session(row), now()
    if last_used_at is None or last_used_at < now() - LAST_USE_STEP:
        with database.writing() as session:
            session.execute(update(ApiKey).where(ApiKey.id == principal.credential_id).values(last_used_at=now()))
    return principal


def refreshed(session: Session, principal: Principal) -> Principal:
    """Return the principal as they are now, for what outlasts a request. Raises NotAuthenticated as soon as they would
    not be let in any more."""
    if principal.credential == "api_key":
        return _of_api_key(_one(session, _KEY_BY_ID, principal.credential_id, KEY_UNKNOWN))
    return _of_session(_one(session, _SESSION_BY_HASH, principal.credential_id, SESSION_ENDED))


def change_password(database: Database, principal: Principal, current_password: str, new_password: str) -> None:
    """Change the principal's password and end all their other sessions. Raises InvalidInput."""
    with database.reading() as session:
        user = session.get_one(User, principal.user_id)
    if not matches(user.password_hash, current_password):
        raise InvalidInput("The current password is wrong.", "wrong_password")
    changed_hash = new_hash(new_password)
    with database.writing() as session:
        session.execute(update(User).where(User.id == principal.user_id).values(password_hash=changed_hash))
        session.execute(
            delete(SignInSession).where(
                SignInSession.user_id == principal.user_id, SignInSession.token_hash != principal.credential_id
            )
        )


def user_of(database: Database, principal: Principal) -> User:
    with database.reading() as session:
        return session.get_one(User, principal.user_id)


# Columns instead of mapped objects, and statements that are made once: before every answer stands one of them.
_HOLDER = (
    User.id.label("user_id"),
    User.email,
    User.display_name,
    User.role,
    User.department_id,
    User.is_active,
)
_KEYS = select(
    *_HOLDER,
    ApiKey.id,
    ApiKey.revoked_at,
    ApiKey.expires_at,
    ApiKey.rights,
    ApiKey.knowledge_base_ids,
    ApiKey.last_used_at,
).join(User, User.id == ApiKey.user_id)
_KEY_BY_HASH = _KEYS.where(ApiKey.key_hash == bindparam("value"))
_KEY_BY_ID = _KEYS.where(ApiKey.id == bindparam("value"))
_SESSION_BY_HASH = (
    select(*_HOLDER, SignInSession.token_hash, SignInSession.expires_at)
    .join(User, User.id == SignInSession.user_id)
    .where(SignInSession.token_hash == bindparam("value"))
)


def _one(session: Session, statement: Executable, value: str, missing: str) -> Row[Any]:
    """Return the credential with its holder. Raises NotAuthenticated, saying `missing`, where there is none."""
    row = session.connection().execute(statement, {"value": value}).one_or_none()
    if row is None:
        raise NotAuthenticated(missing)
    return row


def _of_api_key(row: Row[Any]) -> Principal:
    if row.revoked_at is not None or not row.is_active:
        raise NotAuthenticated(KEY_UNKNOWN)
    if row.expires_at is not None and row.expires_at <= now():
        raise NotAuthenticated("This API key has expired.")
    bases = row.knowledge_base_ids
    return Principal(
        *_who(row),
        "api_key",
        row.id,
        row.department_id,
        frozenset(map(Right, row.rights)),
        None if bases is None else frozenset(bases),
    )


def _of_session(row: Row[Any]) -> Principal:
    if row.expires_at <= now() or not row.is_active:
        raise NotAuthenticated(SESSION_ENDED)
    return Principal(*_who(row), "session", row.token_hash, row.department_id)


def _who(row: Row[Any]) -> tuple[str, str, str, Role]:
    return row.user_id, row.email, row.display_name, Role(row.role)


def principal_of(user: User, credential: Credential = "session", credential_id: str = "") -> Principal:
    """Return a person as they are once signed in."""
    return Principal(
        user.id, user.email, user.display_name, Role(user.role), credential, credential_id, user.department_id
    )


def digest(secret: str) -> str:
    """Return what is stored of a random token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def normal_email(email: str) -> str:
    """Return an address as it is stored and compared."""
    return email.strip().lower()
