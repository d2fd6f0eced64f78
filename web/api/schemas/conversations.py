"""Conversations, turns, and the events of an answer as it is made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, RootModel

from kb_platform.conversations import MOST_TITLE_CHARACTERS
from kb_platform.domain.answer import Answerer, FlagKind, Support, Usage
from kb_platform.domain.chunk import PassageEdit, Scores, WebPage
from kb_platform.domain.plan import ContextPlan
from web.api.schemas.common import Received, Sent
from web.api.schemas.feedback import Feedback
from web.api.schemas.knowledge_bases import MOST_QUERY_CHARACTERS


class Source(Sent):
    """A passage given to the answerer under a number. Offsets count characters of the version's text."""

    number: int
    document_id: str
    version_id: str
    document_name: str
    document_title: str
    knowledge_base_id: str
    chunk_id: str
    start: int
    end: int
    text: str
    heading_path: list[str]
    scores: Scores
    edit: PassageEdit | None = Field(
        None, description="An editor changed this passage: `text` is theirs, `start` and `end` the original passage."
    )
    web: WebPage | None = Field(
        None,
        description="The passage is a web page's as it was seen; it has no document, and its offsets count in the "
        "page's text.",
    )
    is_available: bool = Field(
        True, description="False when the document was deleted or may not be read any more; then `text` is empty."
    )


class Citation(Sent):
    """A marker `[number]`: the sentence in the answer, and the words of the source that carry it."""

    number: int
    sentence_start: int = Field(description="In characters of the answer.")
    sentence_end: int
    evidence_start: int = Field(description="In characters of the source version's text.")
    evidence_end: int
    support: Support
    score: float
    reason: str
    edited_words: str = Field(
        "",
        description="Of an edited passage: the editor's words that carry the claim. The evidence is its whole place.",
    )
    is_struck: bool = Field(
        False, description="No passage carries the sentence; by setting it is to be shown struck out."
    )


class Flag(Sent):
    """A link, an address, a telephone or a document number in the answer that stands in no source (never to be made a
    link), or a sentence that states something and cites nothing (`uncited`)."""

    kind: FlagKind
    start: int = Field(description="In characters of the answer.")
    end: int
    is_withheld: bool = Field(False, description="What the model wrote was taken out; words that say so stand there.")


class Notice(Sent):
    """Something to know about how the answer was made; `web_search_failed`: the web could not be asked."""

    code: str
    message: str


class Turn(Sent):
    id: str
    number: int
    state: Literal["answering", "done", "failed", "stopped"]
    question: str
    query: str = Field(description="The standalone query that was searched for.")
    reasoning: str
    reasoning_seconds: float
    answer: str
    answerer: Answerer | Literal[""] = Field(description="Who answered; empty before it is known.")
    model: str
    abstained: bool = Field(description="The documents hold no answer.")
    sources: list[Source]
    citations: list[Citation]
    flags: list[Flag] = Field(default_factory=list)
    usage: Usage | None
    plan: ContextPlan | None = Field(
        None, description="Which part of the prompt took how many tokens, what was dropped."
    )
    notices: list[Notice] = Field(default_factory=list)
    feedback: Feedback | None = Field(None, description="The caller's own.")
    error: str
    created_at: datetime
    is_withheld: bool = Field(
        False, description="The answer was made from a document that the caller may not read any more: it is empty."
    )


class Conversation(Sent):
    id: str
    title: str
    knowledge_base_ids: list[str]
    created_at: datetime
    updated_at: datetime


class ConversationList(Sent):
    conversations: list[Conversation]


class ConversationWithTurns(Conversation):
    turns: list[Turn]


class ConversationRequest(Received):
    knowledge_base_ids: list[UUID] = Field(
        max_length=1000, description="What is searched for its questions; none: the model answers by itself."
    )
    title: str = Field("", max_length=MOST_TITLE_CHARACTERS, description="Made from the first question if empty.")


class ConversationChange(Received):
    title: str | None = Field(None, max_length=MOST_TITLE_CHARACTERS)
    knowledge_base_ids: list[UUID] | None = Field(None, max_length=1000)


class TurnRequest(Received):
    question: str = Field(min_length=1, max_length=MOST_QUERY_CHARACTERS)
    thinking: bool = Field(True, description="Let a reasoning model think first.")
    web_search: bool = Field(False, description="Ask the web as well, where an administrator allows it.")
    model: str = Field("", max_length=255, description="Which model answers; empty: the default.")
    stream: bool = Field(True, description="Server-sent events; false: one JSON Turn when it is finished.")
    knowledge_base_ids: list[UUID] | None = Field(
        None,
        max_length=1000,
        description="Search only these this time; the conversation's if not given; empty: the model answers by itself.",
    )


class TurnEvent(Sent):
    type: Literal["turn"] = "turn"
    id: str
    number: int


class NoticeEvent(Notice):
    """It comes before `sources`."""

    type: Literal["notice"] = "notice"


class SourcesEvent(Sent):
    type: Literal["sources"] = "sources"
    query: str
    sources: list[Source]
    answerer: Answerer
    model: str


class QueuedEvent(Sent):
    """All places at the model are taken; it comes again whenever the position moves (1: next)."""

    type: Literal["queued"] = "queued"
    position: int


class ReasoningEvent(Sent):
    type: Literal["reasoning"] = "reasoning"
    text: str


class AnswerEvent(Sent):
    type: Literal["answer"] = "answer"
    text: str


class CitationEvent(Sent):
    type: Literal["citation"] = "citation"
    citation: Citation


class FlagEvent(Sent):
    type: Literal["flag"] = "flag"
    flag: Flag


class PlanEvent(Sent):
    """What the model was sent; it comes once more at the end where the server has counted the tokens."""

    type: Literal["plan"] = "plan"
    plan: ContextPlan


class UsageEvent(Sent):
    type: Literal["usage"] = "usage"
    usage: Usage


class DoneEvent(Sent):
    type: Literal["done"] = "done"
    answer: str
    abstained: bool
    answerer: Answerer
    citations: list[Citation]
    flags: list[Flag] = Field(default_factory=list)


class ErrorEvent(Sent):
    """`code` is `stopped` when somebody stopped the generation; what was said until then is kept."""

    type: Literal["error"] = "error"
    code: str
    message: str


AnyTurnEvent = Annotated[
    TurnEvent
    | NoticeEvent
    | SourcesEvent
    | QueuedEvent
    | ReasoningEvent
    | AnswerEvent
    | CitationEvent
    | FlagEvent
    | PlanEvent
    | UsageEvent
    | DoneEvent
    | ErrorEvent,
    Field(discriminator="type"),
]


class TurnStreamEvent(RootModel[AnyTurnEvent]):
    """The data of one server-sent event; the event's name is `type`. `turn` comes first, `done` or `error` last."""

    def named(self) -> tuple[str, dict[str, Any]]:
        return self.root.type, self.root.model_dump(mode="json")
