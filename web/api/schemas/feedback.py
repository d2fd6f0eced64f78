"""Feedback on answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kb_platform.feedback import MOST_COMMENT_CHARACTERS
from web.api.schemas.common import Received, Sent


class WrongCitation(Sent):
    number: int
    sentence_start: int = Field(description="Where the sentence begins that carries the citation.")


class Feedback(Sent):
    """What a reader thinks of an answer."""

    rating: Literal["up", "down", ""]
    wrong_citations: list[WrongCitation]
    comment: str


class FeedbackRequest(Received):
    """Without rating, wrong citations and comment the feedback is taken back."""

    rating: Literal["up", "down", ""] = ""
    wrong_citations: list[WrongCitation] = Field(default_factory=list, max_length=200)
    comment: str = Field("", max_length=MOST_COMMENT_CHARACTERS)
