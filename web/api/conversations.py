"""Conversations: asking, and reading what was answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from kb_platform import access, conversations, feedback
from kb_platform.accounts import Principal
from kb_platform.domain.access import AccessScope
from kb_platform.domain.plan import NOTHING_BEFORE
from web.api.dependencies import Caller, ServicesDep
from web.api.events import event_stream, server_sent_event
from web.api.hanging_up import unless_hung_up
from web.api.schemas.conversations import (
    Conversation,
    ConversationChange,
    ConversationList,
    ConversationRequest,
    ConversationWithTurns,
    Turn,
    TurnRequest,
    TurnStreamEvent,
)
from web.api.schemas.feedback import Feedback, FeedbackRequest
from web.api.turn_stream import turn_events
from web.api.turn_views import turn_views
from web.api.web_search import require_web_search
from web.services import Services

if TYPE_CHECKING:
    from inference.answering import Question

router = APIRouter(prefix="/conversations", tags=["conversations"])


@dataclass(frozen=True, slots=True)
class BegunTurn:
    id: str
    number: int
    question: Question


@router.get("", operation_id="list_conversations")
def list_conversations(
    caller: Caller,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> ConversationList:
    """The caller's conversations, last used first."""
    with services.database.reading() as session:
        rows = access.own_conversations(session, caller, limit, offset)
    return ConversationList(conversations=[Conversation.model_validate(row) for row in rows])


@router.post("", status_code=201, operation_id="create_conversation")
def create_conversation(body: ConversationRequest, caller: Caller, services: ServicesDep) -> Conversation:
    """Begin a conversation about one or several knowledge bases."""
    with services.database.writing() as session:
        if not body.knowledge_base_ids:
            access.require_whole(caller)
        scope = access.scope_of(session, caller, _texts(body.knowledge_base_ids))
        row = conversations.add_conversation(session, caller.user_id, scope.knowledge_base_ids, body.title)
        return Conversation.model_validate(row)


@router.get("/{conversation_id}", operation_id="get_conversation")
def get_conversation(conversation_id: UUID, caller: Caller, services: ServicesDep) -> ConversationWithTurns:
    """A conversation with its turns. A source that may not be read any more comes without its text."""
    with services.database.reading() as session:
        row = access.own_conversation(session, caller, str(conversation_id))
        turns = turn_views(session, caller, row.turns)
    return ConversationWithTurns(**Conversation.model_validate(row).model_dump(), turns=turns)


@router.patch("/{conversation_id}", operation_id="update_conversation")
def update_conversation(
    conversation_id: UUID, body: ConversationChange, caller: Caller, services: ServicesDep
) -> Conversation:
    """Change the title or the knowledge bases that are searched."""
    with services.database.writing() as session:
        row = access.own_conversation(session, caller, str(conversation_id))
        wanted = None
        if body.knowledge_base_ids is not None:
            wanted = access.scope_of(session, caller, _texts(body.knowledge_base_ids)).knowledge_base_ids
        conversations.change_conversation(row, body.title, wanted)
        return Conversation.model_validate(row)


@router.delete("/{conversation_id}", status_code=204, operation_id="delete_conversation")
def delete_conversation(conversation_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Delete a conversation with its turns; an answer that is being made stops."""
    with services.database.writing() as session:
        session.delete(access.own_conversation(session, caller, str(conversation_id)))


@router.post(
    "/{conversation_id}/turns",
    operation_id="ask",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "With `stream` (the default) server-sent events, each named by its `type`: `turn`, "
            "`notice`*, `sources`, `queued`*, `reasoning`*, `answer`*, `citation`*, `plan`*, `usage`, then `done` or "
            "`error`. "
            "Without, one Turn.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Turn"}}},
        }
    },
)
async def ask(
    conversation_id: UUID, body: TurnRequest, request: Request, caller: Caller, services: ServicesDep
) -> Response:
    """Ask a question. The answer is made from the passages found, and each sentence carries its citations. Going
    away stops the generation; what was said is kept."""
    answering = await services.answering(caller, body.model)
    begun = await asyncio.to_thread(_begin, services, caller, str(conversation_id), body)
    events = turn_events(services.database, answering, begun.question, begun.id, begun.number)
    if body.stream:
        return event_stream(_sent(events))
    await unless_hung_up(_to_the_end(events), request)
    turn = await asyncio.to_thread(_turn, services, caller, str(conversation_id), begun.id)
    return JSONResponse(turn.model_dump(mode="json"))


@router.delete("/{conversation_id}/turns/{turn_id}/generation", status_code=204, operation_id="stop_generation")
def stop_generation(conversation_id: UUID, turn_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Stop making this answer, whoever reads it and whichever process makes it. What was said is kept."""
    with services.database.writing() as session:
        row = access.own_conversation(session, caller, str(conversation_id))
        conversations.stop_turn(session, row, str(turn_id))


@router.put("/{conversation_id}/turns/{turn_id}/feedback", operation_id="give_feedback")
def give_feedback(
    conversation_id: UUID, turn_id: UUID, body: FeedbackRequest, caller: Caller, services: ServicesDep
) -> Feedback:
    """Say what you think of an answer: good or not, which citations are wrong. Editors read it, with the question and
    the answer. Empty takes it back."""
    with services.database.writing() as session:
        row = access.own_conversation(session, caller, str(conversation_id))
        turn = conversations.turn_of(row, str(turn_id))
        wrong = [feedback.WrongCitation(one.number, one.sentence_start) for one in body.wrong_citations]
        rating = feedback.Rating(body.rating)
        given = feedback.give_feedback(session, turn, caller.user_id, rating, wrong, body.comment)
        return Feedback.model_validate(given) if given else Feedback(rating="", wrong_citations=[], comment="")


def _begin(services: Services, caller: Principal, conversation_id: str, body: TurnRequest) -> BegunTurn:
    from inference.answering import Question  # brings torch along: not for who only wants the description

    with services.database.writing() as session:
        row = access.own_conversation(session, caller, conversation_id)
        scope: AccessScope | None
        if not (row.knowledge_base_ids if body.knowledge_base_ids is None else body.knowledge_base_ids):
            access.require_whole(caller)
            scope = None
        elif body.knowledge_base_ids is not None:
            scope = access.scope_of(session, caller, _texts(body.knowledge_base_ids))
        else:  # one that was deleted since the conversation began is not an error, it is just not searched
            scope = access.readable_scope(session, caller).narrowed_to(frozenset(row.knowledge_base_ids))
        if body.web_search:
            require_web_search(services, session, caller)
        withheld = access.withheld_turns(session, caller, row.turns)
        history = conversations.past_turns(row, withheld)
        # A running summary may hold the words of what is withheld.
        before = NOTHING_BEFORE if withheld else conversations.given_in_last_prompt(row)
        earlier_pages = conversations.pages_given(row) if body.web_search else ()
        turn = conversations.begin_turn(session, row, body.question)
        question = Question(
            text=body.question,
            scope=scope,
            history=history,
            thinking=body.thinking,
            number=turn.number,
            before=before,
            web_search=body.web_search,
            earlier_pages=earlier_pages,
        )
        return BegunTurn(turn.id, turn.number, question)


async def _sent(events: AsyncGenerator[TurnStreamEvent]) -> AsyncGenerator[ServerSentEvent]:
    async with aclosing(events) as stream:
        async for event in stream:
            yield server_sent_event(*event.named())


async def _to_the_end(events: AsyncGenerator[TurnStreamEvent]) -> None:
    async with aclosing(events) as stream:
        async for _ in stream:
            pass


def _turn(services: Services, caller: Principal, conversation_id: str, turn_id: str) -> Turn:
    with services.database.reading() as session:
        row = access.own_conversation(session, caller, conversation_id)
        return turn_views(session, caller, [turn for turn in row.turns if turn.id == turn_id])[0]


def _texts(ids: list[UUID]) -> list[str]:
    return [str(id_) for id_ in ids]
