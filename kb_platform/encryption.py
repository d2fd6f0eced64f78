"""Encryption of the secrets that must be readable again (endpoint keys, file passwords)."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from kb_platform.domain.errors import SettingsError


def encrypt(secret_key: SecretStr, text: str) -> str:
    """Return `text` encrypted under the platform's secret key; empty stays empty."""
    return _cipher(secret_key).encrypt(text.encode()).decode() if text else ""


def decrypt(secret_key: SecretStr, encrypted: str) -> str:
    """Return the text. Raises SettingsError when the secret key is not the one it was encrypted with."""
    if not encrypted:
        return ""
    try:
        return _cipher(secret_key).decrypt(encrypted.encode()).decode()
    except InvalidToken as error:
        raise SettingsError(
            "A stored secret cannot be decrypted: KB_SECURITY__SECRET_KEY is not the one it was stored with."
        ) from error


def _cipher(secret_key: SecretStr) -> Fernet:
    digest = hashlib.sha256(secret_key.get_secret_value().encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
