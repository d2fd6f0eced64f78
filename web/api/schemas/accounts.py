"""Sign-in, users and API keys."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, Field

from kb_platform.accounts import MOST_PASSWORD_CHARACTERS
from kb_platform.database.tables import Role
from web.api.schemas.common import Received, Sent


class User(Sent):
    id: str
    email: str
    display_name: str
    role: Role


class SignIn(Received):
    email: str = Field(min_length=1, max_length=320)
    password: str = Field(min_length=1, max_length=MOST_PASSWORD_CHARACTERS)


class Session(Sent):
    """The token also comes as the cookie `kb_session`, which browsers use."""

    token: str
    expires_at: datetime
    user: User


class PasswordChange(Received):
    current_password: str = Field(min_length=1, max_length=MOST_PASSWORD_CHARACTERS)
    new_password: str = Field(min_length=1, max_length=MOST_PASSWORD_CHARACTERS)


class ApiKeyRequest(Received):
    name: str = Field(min_length=1, max_length=200)
    expires_at: AwareDatetime | None = None


class ApiKey(Sent):
    id: str
    name: str
    prefix: str = Field(description="The key's first characters, to tell keys apart.")
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class NewApiKey(ApiKey):
    key: str = Field(description="The key itself. Shown only now.")


class ApiKeyList(Sent):
    api_keys: list[ApiKey]
