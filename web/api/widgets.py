"""Chat widgets: kept by a knowledge base's managers, asked by visitors of other sites."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sse_starlette import EventSourceResponse, ServerSentEvent

from kb_platform import access, widgets
from kb_platform.accounts import Principal
from kb_platform.database.widget_tables import Widget as Row
from kb_platform.domain.access import AccessScope
from kb_platform.domain.answer import PastTurn
from web.api.dependencies import Caller, ServicesDep, Visitor, require_tokens
from web.api.events import event_stream, server_sent_event
from web.api.schemas.conversations import TurnStreamEvent
from web.api.schemas.widgets import (
    NewWidget,
    Widget,
    WidgetChange,
    WidgetList,
    WidgetQuestion,
    WidgetRequest,
    WidgetView,
)
from web.api.turn_stream import event_view, made_events
from web.services import Services

if TYPE_CHECKING:
    from inference.answering import AnsweringServices, Question

public = APIRouter(prefix="/widgets", tags=["widgets"])
router = APIRouter(prefix="/knowledge-bases/{knowledge_base_id}/widgets", tags=["widgets"])
_token = HTTPBearer(auto_error=False, scheme_name="widget_token", description="Signed by the embedding site.")


@router.get("", operation_id="list_widgets")
def list_widgets(knowledge_base_id: UUID, caller: Caller, services: ServicesDep) -> WidgetList:
    """The knowledge base's chats on other sites, newest first."""
    with services.database.reading() as session:
        base = access.manageable_knowledge_base(session, caller, str(knowledge_base_id))
        return WidgetList(widgets=[_view(row) for row in widgets.widgets_of(session, base.id)])


@router.post("", status_code=201, operation_id="create_widget")
def create_widget(knowledge_base_id: UUID, body: WidgetRequest, caller: Caller, services: ServicesDep) -> NewWidget:
    """Make a chat for other sites. A secret is in this answer and nowhere else."""
    access.require_session(caller)
    with services.database.writing() as session:
        base = access.manageable_knowledge_base(session, caller, str(knowledge_base_id))
        made = widgets.add_widget(
            session,
            services.settings.security.secret_key,
            caller.user_id,
            base.id,
            body.name,
            body.allowed_origins,
            body.needs_token,
        )
        return NewWidget(**_view(made.row).model_dump(), secret=made.secret)


@router.patch("/{widget_id}", operation_id="update_widget")
def update_widget(
    knowledge_base_id: UUID, widget_id: UUID, body: WidgetChange, caller: Caller, services: ServicesDep
) -> Widget:
    """Change a chat's name, or the sites that it may be on."""
    with services.database.writing() as session:
        row = access.manageable_widget(session, caller, str(knowledge_base_id), str(widget_id))
        widgets.change_widget(row, body.name, body.allowed_origins)
        return _view(row)


@router.delete("/{widget_id}", status_code=204, operation_id="revoke_widget")
def revoke_widget(knowledge_base_id: UUID, widget_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """End a chat at once, wherever it is embedded."""
    with services.database.writing() as session:
        widgets.revoke_widget(access.manageable_widget(session, caller, str(knowledge_base_id), str(widget_id)))


@public.get("/{widget_id}", operation_id="look_at_widget", openapi_extra={"security": []})
def look_at_widget(widget_id: UUID, _address: Visitor, services: ServicesDep) -> WidgetView:
    """What stands above the chat."""
    with services.database.reading() as session:
        row = widgets.find_widget(session, str(widget_id))
        access.visitor(session, row, "")
        return WidgetView(name=row.name, needs_token=row.needs_token)


@public.post(
    "/{widget_id}/answers",
    operation_id="ask_widget",
    response_class=EventSourceResponse,
    openapi_extra={"security": [{}]},  # or none: FastAPI adds this to what the token says
)
async def ask_widget(
    widget_id: UUID,
    body: WidgetQuestion,
    request: Request,
    address: Visitor,
    services: ServicesDep,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(_token)],
) -> Response:
    """Ask as a visitor of another site. Server-sent events as of a conversation's turn, of which nothing is kept; what
    was said before comes along. Going away stops the generation."""
    signed = token.credentials if token else ""
    asking, scope = await asyncio.to_thread(_visitor, services, str(widget_id), signed)
    request.state.principal = asking
    await asyncio.to_thread(_check, services, asking, address)
    answering = await services.answering(asking)
    return event_stream(_sent(await _question(body, scope), answering))


def _check(services: Services, asking: Principal, address: str) -> None:
    services.rate_limits.check_visitor(asking, address)
    require_tokens(services, asking)


def _visitor(services: Services, widget_id: str, token: str) -> tuple[Principal, AccessScope]:
    with services.database.reading() as session:
        row = widgets.find_widget(session, widget_id)
        named = widgets.visitor_of(row, services.settings.security.secret_key, token)
        return access.visitor(session, row, named), access.scope_of_widget(session, row)


async def _question(body: WidgetQuestion, scope: AccessScope) -> Question:
    from inference.answering import Question  # brings torch along: not for who only wants the description

    turns = tuple(PastTurn(one.question, one.answer, number) for number, one in enumerate(body.history, start=1))
    return Question(body.question, scope, turns, thinking=body.thinking, number=len(turns) + 1)


async def _sent(question: Question, answering: AnsweringServices) -> AsyncGenerator[ServerSentEvent]:
    async with aclosing(made_events(question, answering)) as events:
        async for event in events:
            yield server_sent_event(*TurnStreamEvent(event_view(event)).named())


def _view(row: Row) -> Widget:
    return Widget.model_validate(row)
