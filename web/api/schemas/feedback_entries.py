"""Feedback with the answers that it is about, for editors."""

from __future__ import annotations

from datetime import datetime

from web.api.schemas.common import Sent
from web.api.schemas.conversations import Turn
from web.api.schemas.feedback import Feedback


class FeedbackEntry(Sent):
    feedback: Feedback
    turn: Turn
    given_by: str
    updated_at: datetime


class FeedbackList(Sent):
    entries: list[FeedbackEntry]
