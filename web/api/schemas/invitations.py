"""Invitations by link."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from kb_platform.database.tables import Role
from kb_platform.invitations import MOST_DAYS
from kb_platform.passwords import MOST_PASSWORD_CHARACTERS
from web.api.schemas.common import Received, Sent


class InvitationRequest(Received):
    email: str = Field("", max_length=320, description="Whose account it will be; empty: they say themselves.")
    role: Role = Role.READER
    department_id: UUID | None = None
    days: int = Field(7, ge=1, le=MOST_DAYS, description="Days until the link opens nothing any more.")


class Invitation(Sent):
    id: str
    email: str = Field(description="Empty: whoever has the link says.")
    role: Role
    department_id: str | None
    invited_by: str
    created_at: datetime
    expires_at: datetime


class NewInvitation(Invitation):
    token: str = Field(description="The link's secret. Shown only now.")


class InvitationList(Sent):
    invitations: list[Invitation]


class InvitationToken(Received):
    token: str = Field(min_length=1, max_length=200)


class InvitationLook(Sent):
    email: str = Field(description="The address that the account will have; empty: to be chosen.")
    role: Role
    department: str = Field(description="Its name; empty for none.")
    expires_at: datetime


class Acceptance(InvitationToken):
    email: str = Field("", max_length=320, description="Not needed where the invitation names one.")
    display_name: str = Field("", max_length=200)
    password: str = Field(min_length=1, max_length=MOST_PASSWORD_CHARACTERS)
