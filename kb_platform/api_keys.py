"""API keys: made, listed and revoked. Who holds one is told by `accounts.authenticate`."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from kb_platform.accounts import API_KEY_PREFIX, digest
from kb_platform.database.engine import Database
from kb_platform.database.tables import ApiKey, now
from kb_platform.domain.access import ALL_RIGHTS, Right
from kb_platform.domain.errors import InvalidInput, NotFound

SHOWN_KEY_CHARACTERS = 12
LATEST_EXPIRY_YEAR = 2200


@dataclass(frozen=True, slots=True)
class NewApiKey:
    key: str
    row: ApiKey


def add_api_key(
    database: Database,
    user_id: str,
    name: str,
    expires_at: datetime | None = None,
    rights: Collection[Right] = ALL_RIGHTS,
    knowledge_base_ids: Collection[str] | None = None,
) -> NewApiKey:
    """Make a key with these rights, for these knowledge bases (None: all that the user may read). The returned `key`
    is the only place where it can be read. Raises InvalidInput for a past expiry, or a key that could do nothing."""
    if not rights or (knowledge_base_ids is not None and not knowledge_base_ids):
        raise InvalidInput("A key without a right or a knowledge base could do nothing.")
    if expires_at is not None and not now().year <= expires_at.year <= LATEST_EXPIRY_YEAR:
        raise InvalidInput(f"A key expires between now and the year {LATEST_EXPIRY_YEAR}.")
    if expires_at is not None and expires_at <= now():
        raise InvalidInput("The key would already have expired.", "key_expired")
    key = API_KEY_PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        user_id=user_id,
        name=name,
        prefix=key[:SHOWN_KEY_CHARACTERS],
        key_hash=digest(key),
        expires_at=expires_at,
        rights=sorted(rights),
        knowledge_base_ids=None if knowledge_base_ids is None else sorted(knowledge_base_ids),
    )
    with database.writing() as session:
        session.add(row)
    return NewApiKey(key, row)


def api_keys(database: Database, user_id: str) -> list[ApiKey]:
    """Return the user's keys that are not revoked, newest first."""
    with database.reading() as session:
        rows = select(ApiKey).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
        return list(session.scalars(rows.order_by(ApiKey.created_at.desc())))


def revoke_api_key(database: Database, user_id: str, key_id: str) -> None:
    """Revoke a key at once. Raises NotFound, also for somebody else's key."""
    with database.writing() as session:
        row = session.get(ApiKey, key_id)
        if row is None or row.user_id != user_id or row.revoked_at is not None:
            raise NotFound("There is no such API key.")
        row.revoked_at = now()
