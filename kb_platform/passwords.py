"""Password hashes (Argon2id)."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from kb_platform.domain.errors import InvalidInput

LEAST_PASSWORD_CHARACTERS = 8
MOST_PASSWORD_CHARACTERS = 1024

_hasher = PasswordHasher()
_hashing = threading.BoundedSemaphore(4)
"""Each takes 64 MiB: a crowd at the sign-in page must wait its turn, not take all memory."""
_NOBODYS_HASH = _hasher.hash(secrets.token_urlsafe(16))
"""Checked where there is no password, so that the answer's time does not tell which accounts exist."""


def new_hash(password: str) -> str:
    """Return what is stored of a new password. Raises InvalidInput for one that is too short."""
    if not LEAST_PASSWORD_CHARACTERS <= len(password) <= MOST_PASSWORD_CHARACTERS:
        raise InvalidInput(f"A password has at least {LEAST_PASSWORD_CHARACTERS} characters.", "password_too_short")
    with _hashing:
        return _hasher.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Say whether this is the password; it never is for an empty hash, and that takes as long."""
    try:
        with _hashing:
            return _hasher.verify(password_hash or _NOBODYS_HASH, password) and bool(password_hash)
    except (VerifyMismatchError, InvalidHashError):
        return False


def renewed_hash(password_hash: str, password: str) -> str:
    """Return a hash of the right password by today's parameters, empty where it has them already."""
    return _hasher.hash(password) if _hasher.check_needs_rehash(password_hash) else ""
