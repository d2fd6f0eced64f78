"""Sign-in, users and API keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, Field

from kb_platform.database.tables import Role
from kb_platform.domain.access import Right
from kb_platform.passwords import MOST_PASSWORD_CHARACTERS
from web.api.schemas.common import Received, Sent


class User(Sent):
    id: str
    email: str
    display_name: str
    role: Role
    department_id: str | None = None


class SignIn(Received):
    email: str = Field(
        min_length=1, max_length=320, description="E-mail address, or the name in the organisation's directory."
    )
    password: str = Field(min_length=1, max_length=MOST_PASSWORD_CHARACTERS)


class Session(Sent):
    """The token also comes as the cookie `kb_session`, which browsers use."""

    token: str
    expires_at: datetime
    user: User


class SignInMethods(Sent):
    password: bool = Field(description="With e-mail address and password.")
    directory: bool = Field(description="With name and password of the organisation's directory, at the same place.")
    single_sign_on: bool = Field(description="By `GET /api/v1/single-sign-on/start`, in a browser.")
    single_sign_on_label: str = Field(description="What its button says; empty: the app's own words.")


class PasswordChange(Received):
    current_password: str = Field(min_length=1, max_length=MOST_PASSWORD_CHARACTERS)
    new_password: str = Field(min_length=1, max_length=MOST_PASSWORD_CHARACTERS)


class ApiKeyRequest(Received):
    name: str = Field(min_length=1, max_length=200)
    expires_at: AwareDatetime | None = None
    rights: list[Right] = Field(
        default_factory=lambda: list(Right),
        min_length=1,
        max_length=3,
        description="`read`: search and open documents. `ask`: ask questions. `write`: upload and change.",
    )
    knowledge_base_ids: list[UUID] | None = Field(
        None, min_length=1, max_length=1000, description="The only ones that the key opens; all, if not given."
    )


class ApiKey(Sent):
    id: str
    name: str
    prefix: str = Field(description="The key's first characters, to tell keys apart.")
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    rights: list[Right]
    knowledge_base_ids: list[str] | None


class NewApiKey(ApiKey):
    key: str = Field(description="The key itself. Shown only now.")


class ApiKeyList(Sent):
    api_keys: list[ApiKey]
