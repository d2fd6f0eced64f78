"""Conversations and their turns. A turn is a row from its first moment on, and grows while it is answered."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from kb_platform.database.engine import Database
from kb_platform.database.tables import Conversation, Turn, TurnState, now
from kb_platform.domain.answer import (
    AnswerDelta,
    AnswerEvent,
    Citation,
    CitationChecked,
    Done,
    Failed,
    Flag,
    Flagged,
    Noticed,
    PastTurn,
    PlanReported,
    ReasoningDelta,
    Source,
    SourcesFound,
    UsageReported,
)
from kb_platform.domain.chunk import Hit, WebPage
from kb_platform.domain.errors import Conflict, InvalidInput, NotFound
from kb_platform.domain.plan import GivenBefore, given_before

MOST_TITLE_CHARACTERS = 200
MADE_TITLE_CHARACTERS = 60
ANSWERER_GONE_AFTER = timedelta(seconds=60)
"""A turn that has not moved for this long is not being answered any more: its process was killed."""

_MARKER = re.compile(r"\s?\[\d+\]")


def add_conversation(
    session: Session, user_id: str, knowledge_base_ids: Collection[str], title: str = ""
) -> Conversation:
    """Add a conversation about these knowledge bases (the caller has checked them) in the caller's transaction."""
    row = Conversation(user_id=user_id, knowledge_base_ids=sorted(set(knowledge_base_ids)), title=_checked(title))
    session.add(row)
    session.flush()
    return row


def conversations_of(session: Session, user_id: str, limit: int | None = None, offset: int = 0) -> list[Conversation]:
    """Return the user's conversations without their turns, last used first."""
    query = select(Conversation).where(Conversation.user_id == user_id)
    return list(
        session.scalars(query.order_by(Conversation.updated_at.desc(), Conversation.id).limit(limit).offset(offset))
    )


def conversation(session: Session, user_id: str, conversation_id: str) -> Conversation:
    """Return the user's conversation with its turns. Raises NotFound, also for somebody else's."""
    row = session.get(Conversation, conversation_id, options=[selectinload(Conversation.turns)])
    if row is None or row.user_id != user_id:
        raise unknown_conversation()
    return row


def unknown_conversation() -> NotFound:
    """Return the error for one that there is not, or that is not for the caller to see."""
    return NotFound("There is no such conversation.")


def change_conversation(row: Conversation, title: str | None, knowledge_base_ids: Collection[str] | None) -> None:
    """Change what is given, in the caller's transaction. Raises InvalidInput."""
    if title is not None:
        row.title = _checked(title)
    if knowledge_base_ids is not None:
        row.knowledge_base_ids = sorted(set(knowledge_base_ids))


def begin_turn(session: Session, row: Conversation, question: str) -> Turn:
    """Add the next turn in the caller's transaction. Raises Conflict while the one before is being answered."""
    for earlier in row.turns:
        if earlier.state == TurnState.ANSWERING:
            if is_being_answered(earlier):
                raise Conflict("The question before is still being answered.")
            earlier.state = TurnState.STOPPED
    number = session.scalar(select(func.max(Turn.number)).where(Turn.conversation_id == row.id)) or 0
    turn = Turn(conversation_id=row.id, number=number + 1, question=question)
    session.add(turn)
    row.updated_at = now()
    row.title = row.title or _made_title(question)
    session.flush()
    return turn


def is_being_answered(turn: Turn) -> bool:
    return turn.state == TurnState.ANSWERING and turn.updated_at > now() - ANSWERER_GONE_AFTER


def past_turns(row: Conversation, withheld: Collection[str] = ()) -> tuple[PastTurn, ...]:
    """Return the finished turns as history for the next question: no markers, no reasoning, no failed ones, none that
    are `withheld` (ids)."""
    return tuple(
        PastTurn(turn.question, _MARKER.sub("", turn.answer), turn.number)
        for turn in row.turns
        if turn.answer and turn.state in (TurnState.DONE, TurnState.STOPPED) and turn.id not in withheld
    )


def turn_of(row: Conversation, turn_id: str) -> Turn:
    """Return a turn of the conversation. Raises NotFound."""
    for turn in row.turns:
        if turn.id == turn_id:
            return turn
    raise NotFound("There is no such turn.")


def given_in_last_prompt(row: Conversation) -> GivenBefore:
    """Return what the last prompt of the conversation held, its running summary included."""
    return next((given_before(turn.plan) for turn in reversed(row.turns) if turn.plan), GivenBefore())


def pages_given(row: Conversation) -> tuple[Hit, ...]:
    """Return the passages of web pages that the conversation's answers were given, as they were seen then."""
    records = [source for turn in row.turns for source in turn.sources if source.get("web")]
    hits = {record["chunk_id"]: _page_passage(record) for record in records}
    return tuple(hits.values())


def _page_passage(record: dict[str, Any]) -> Hit:
    page = record["web"]
    return Hit(
        record["chunk_id"], "", "", "", record["document_name"], record["document_title"], 0, record["start"],
        record["end"], record["text"],
        web=WebPage(**{**page, "seen_at": datetime.fromisoformat(page["seen_at"])}),
    )  # fmt: skip


def stop_turn(session: Session, row: Conversation, turn_id: str) -> None:
    """Ask whoever answers this turn to stop: it notices when it saves next. Nothing happens to a finished turn.
    Raises NotFound."""
    if all(turn.id != turn_id for turn in row.turns):
        raise NotFound("There is no such turn.")
    session.execute(
        update(Turn).where(Turn.id == turn_id, Turn.state == TurnState.ANSWERING).values(state=TurnState.STOPPED)
    )


@dataclass(slots=True)
class TurnDraft:
    """A turn's content as its events arrive."""

    state: TurnState = TurnState.ANSWERING
    query: str = ""
    reasoning: str = ""
    reasoning_seconds: float = 0.0
    answer: str = ""
    answerer: str = ""
    model: str = ""
    abstained: bool = False
    sources: list[dict[str, Any]] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    flags: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    notices: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    _reasoning_began: float = 0.0

    def apply(self, event: AnswerEvent) -> None:
        """Take one event in."""
        match event:
            case Noticed():
                self.notices.append({"code": event.code, "message": event.message})
            case SourcesFound():
                self.query, self.answerer, self.model = event.query, event.answerer, event.model
                self.sources = [source_record(source) for source in event.sources]
            case ReasoningDelta():
                self._reasoning_began = self._reasoning_began or time.monotonic()
                self.reasoning += event.text
                self.reasoning_seconds = round(time.monotonic() - self._reasoning_began, 2)
            case AnswerDelta():
                self.answer += event.text
            case CitationChecked():
                self.citations.append(citation_record(event.citation))
            case Flagged():
                self.flags.append(flag_record(event.flag))
            case PlanReported():
                self.plan = asdict(event.plan)
            case UsageReported():
                self.usage = asdict(event.usage)
            case Done():
                self.state, self.answer, self.abstained = TurnState.DONE, event.answer, event.abstained
                self.answerer = event.answerer
                self.citations = [citation_record(citation) for citation in event.citations]
                self.flags = [flag_record(flag) for flag in event.flags]
            case Failed():
                self.state, self.error = TurnState.FAILED, event.message

    def columns(self) -> dict[str, Any]:
        """Return a copy of the content by column."""
        values = asdict(self)
        del values["_reasoning_began"], values["state"]
        return values


def save_progress(database: Database, turn_id: str, columns: dict[str, Any]) -> bool:
    """Write what was said so far (`TurnDraft.columns`). False when the turn was stopped or deleted meanwhile: then
    nothing more is to be said."""
    with database.writing() as session:
        saved = session.execute(
            update(Turn)
            .where(Turn.id == turn_id, Turn.state == TurnState.ANSWERING)
            .values(**columns, updated_at=now())
        )
        return bool(saved.rowcount)  # type: ignore[attr-defined]


def finish_turn(database: Database, turn_id: str, draft: TurnDraft) -> None:
    """Write the turn's end. A draft that never ended is kept as stopped, and a turn that was stopped stays so."""
    state = TurnState.STOPPED if draft.state is TurnState.ANSWERING else draft.state
    with database.writing() as session:
        session.execute(update(Turn).where(Turn.id == turn_id).values(**draft.columns(), state=state, updated_at=now()))


def source_record(source: Source) -> dict[str, Any]:
    """Return a source as it is kept and sent: flat, offsets and version included."""
    hit = source.hit
    return {
        "number": source.number,
        "document_id": hit.document_id,
        "version_id": hit.version_id,
        "document_name": hit.document_name,
        "document_title": hit.document_title,
        "knowledge_base_id": hit.knowledge_base_id,
        "chunk_id": hit.chunk_id,
        "start": hit.start,
        "end": hit.end,
        "text": hit.text,
        "heading_path": list(hit.heading_path),
        "scores": asdict(hit.scores),
        "edit": {"by": hit.edit.by, "at": hit.edit.at.isoformat()} if hit.edit else None,
        "web": {**asdict(hit.web), "seen_at": hit.web.seen_at.isoformat()} if hit.web else None,
    }


def citation_record(citation: Citation) -> dict[str, Any]:
    return {**asdict(citation), "support": str(citation.support)}


def flag_record(flag: Flag) -> dict[str, Any]:
    return {**asdict(flag), "kind": str(flag.kind)}


def latest_state(turn: Turn) -> TurnState:
    """Return the turn's state; one whose process was killed in the middle counts as stopped."""
    if turn.state == TurnState.ANSWERING and not is_being_answered(turn):
        return TurnState.STOPPED
    return TurnState(turn.state)


def _made_title(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= MADE_TITLE_CHARACTERS else line[: MADE_TITLE_CHARACTERS - 1] + "…"


def _checked(title: str) -> str:
    title = title.strip()
    if len(title) > MOST_TITLE_CHARACTERS:
        raise InvalidInput(f"A title has at most {MOST_TITLE_CHARACTERS} characters.")
    return title
