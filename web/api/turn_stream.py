"""One turn, from question to kept answer, as the events of a stream.

The answer is made in a task of its own; another one saves what was said twice a second and learns there that
somebody stopped it. When the reader goes, the task is cancelled (which closes the connection to the model) and the
turn is kept as stopped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

import anyio
from sqlalchemy.exc import SQLAlchemyError

from kb_platform.conversations import TurnDraft, citation_record, finish_turn, flag_record, save_progress, source_record
from kb_platform.database.engine import Database
from kb_platform.database.tables import TurnState
from kb_platform.domain.answer import (
    AnswerDelta,
    CitationChecked,
    Done,
    Failed,
    Flagged,
    Noticed,
    PlanReported,
    Queued,
    ReasoningDelta,
    SourcesFound,
    UsageReported,
)
from kb_platform.domain.answer import AnswerEvent as Event
from kb_platform.domain.errors import KnowledgeBaseError
from web.api.schemas import conversations as schemas

if TYPE_CHECKING:
    from inference.answering import AnsweringServices, Question

log = logging.getLogger(__name__)

SAVE_SECONDS = 0.5
STOPPED = Failed("stopped", "The generation was stopped.")


async def turn_events(
    database: Database, answering: AnsweringServices, question: Question, turn_id: str, number: int
) -> AsyncGenerator[schemas.TurnStreamEvent]:
    """Yield `turn`, then the answer's events; the last is `done` or `error`. Closing it stops the generation; the
    turn's row is complete when this ends, however it ends."""
    draft = TurnDraft()
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    making = asyncio.create_task(_make(question, answering, events))
    saving = asyncio.create_task(_save(database, turn_id, draft, making))
    try:
        yield schemas.TurnStreamEvent(schemas.TurnEvent(id=turn_id, number=number))
        while (event := await events.get()) is not None:
            draft.apply(event)
            yield schemas.TurnStreamEvent(event_view(event))
        if draft.state is TurnState.ANSWERING:
            yield schemas.TurnStreamEvent(event_view(STOPPED))
    finally:
        with anyio.CancelScope(shield=True):
            for task in (making, saving):
                task.cancel()
            await asyncio.gather(making, saving, return_exceptions=True)
            await asyncio.to_thread(finish_turn, database, turn_id, draft)


async def made_events(question: Question, services: AnsweringServices) -> AsyncGenerator[Event]:
    """Yield an answer's events without keeping any; what goes wrong is the last one. Closing it stops the
    generation."""
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    making = asyncio.create_task(_make(question, services, events))
    try:
        while (event := await events.get()) is not None:
            yield event
    finally:
        making.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.gather(making, return_exceptions=True)


async def _make(question: Question, services: AnsweringServices, events: asyncio.Queue[Event | None]) -> None:
    from inference.answering import answer  # brings torch along: not for who only wants the description

    try:
        async with aclosing(answer(question, services)) as made:
            async for event in made:
                events.put_nowait(event)
    except KnowledgeBaseError as error:
        events.put_nowait(Failed(error.code, error.message))
    except Exception:
        log.exception("Answering failed")
        events.put_nowait(Failed("internal_error", "Something went wrong while answering. The server's log says what."))
    finally:
        events.put_nowait(None)


async def _save(database: Database, turn_id: str, draft: TurnDraft, making: asyncio.Task[None]) -> None:
    while True:
        await asyncio.sleep(SAVE_SECONDS)
        columns = draft.columns()
        try:
            is_wanted = await asyncio.to_thread(save_progress, database, turn_id, columns)
        except SQLAlchemyError:
            log.warning("What was answered so far could not be saved; the next try follows.", exc_info=True)
            continue
        if not is_wanted:
            making.cancel()
            return


def event_view(event: Event) -> schemas.AnyTurnEvent:
    """Return an event as it is sent."""
    match event:
        case Noticed():
            return schemas.NoticeEvent(code=event.code, message=event.message)
        case SourcesFound():
            return schemas.SourcesEvent(
                query=event.query,
                sources=[schemas.Source.model_validate(source_record(source)) for source in event.sources],
                answerer=event.answerer,
                model=event.model,
            )
        case Queued():
            return schemas.QueuedEvent(position=event.position)
        case ReasoningDelta():
            return schemas.ReasoningEvent(text=event.text)
        case AnswerDelta():
            return schemas.AnswerEvent(text=event.text)
        case CitationChecked():
            return schemas.CitationEvent(citation=schemas.Citation.model_validate(citation_record(event.citation)))
        case Flagged():
            return schemas.FlagEvent(flag=schemas.Flag.model_validate(flag_record(event.flag)))
        case PlanReported():
            return schemas.PlanEvent(plan=event.plan)
        case UsageReported():
            return schemas.UsageEvent(usage=event.usage)
        case Done():
            return schemas.DoneEvent(
                answer=event.answer,
                abstained=event.abstained,
                answerer=event.answerer,
                citations=[schemas.Citation.model_validate(citation_record(citation)) for citation in event.citations],
                flags=[schemas.Flag.model_validate(flag_record(flag)) for flag in event.flags],
            )
        case Failed():
            return schemas.ErrorEvent(code=event.code, message=event.message)
