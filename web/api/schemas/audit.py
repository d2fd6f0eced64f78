"""The audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from web.api.schemas.common import Sent


class AuditEvent(Sent):
    number: int = Field(description="From 1, without gaps.")
    at: datetime
    action: str = Field(description="An operation of this API, by its `operationId`.")
    user_id: str
    user: str = Field(description="E-mail address then; at a sign-in the one that was given.")
    credential: str = Field(description="`session`, `api_key`, `widget`, or empty: nobody was signed in.")
    credential_id: str = Field(description="The API key's or the widget's id.")
    objects: dict[str, Any] = Field(description="What it was done to: name → id or ids.")
    details: dict[str, Any]
    address: str
    user_agent: str
    status: int = Field(description="HTTP status of the answer.")
    hash: str = Field(description="SHA-256 over this event and the hash of the one before.")


class AuditEventList(Sent):
    events: list[AuditEvent]
    actions: list[str] = Field(description="All actions that are recorded.")
