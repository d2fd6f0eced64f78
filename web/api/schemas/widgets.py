"""Chat widgets."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from kb_platform.widgets import MOST_NAME_CHARACTERS, MOST_ORIGINS
from web.api.schemas.common import Received, Sent
from web.api.schemas.knowledge_bases import MOST_QUERY_CHARACTERS

MOST_HISTORY = 6
MOST_ANSWER_CHARACTERS = 20_000


class WidgetRequest(Received):
    name: str = Field(min_length=1, max_length=MOST_NAME_CHARACTERS, description="Stands above the chat.")
    allowed_origins: list[str] = Field(
        min_length=1, max_length=MOST_ORIGINS, description="Sites that it may be on: `https://www.example.edu`."
    )
    needs_token: bool = Field(False, description="Only visitors for whom the site signs a token may ask.")


class WidgetChange(Received):
    """What is given changes."""

    name: str | None = Field(None, min_length=1, max_length=MOST_NAME_CHARACTERS)
    allowed_origins: list[str] | None = Field(None, min_length=1, max_length=MOST_ORIGINS)


class Widget(Sent):
    id: str
    name: str
    allowed_origins: list[str]
    needs_token: bool
    created_at: datetime


class NewWidget(Widget):
    secret: str = Field(
        description="Signs the visitors' tokens (JWT, HS256; `aud` the chat's id, `sub` the visitor, `exp` within a "
        "day). Shown only now; empty where anybody may ask."
    )


class WidgetList(Sent):
    widgets: list[Widget]


class WidgetView(Sent):
    name: str
    needs_token: bool


class WidgetTurn(Received):
    question: str = Field(min_length=1, max_length=MOST_QUERY_CHARACTERS)
    answer: str = Field(max_length=MOST_ANSWER_CHARACTERS)


class WidgetQuestion(Received):
    question: str = Field(min_length=1, max_length=MOST_QUERY_CHARACTERS)
    thinking: bool = Field(True, description="Let a reasoning model think first.")
    history: list[WidgetTurn] = Field(default_factory=list, max_length=MOST_HISTORY, description="Oldest first.")
