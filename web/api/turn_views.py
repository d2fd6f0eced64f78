"""Kept turns as they are sent."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from kb_platform import access, conversations
from kb_platform.accounts import Principal
from kb_platform.database.tables import Feedback as FeedbackRow
from kb_platform.database.tables import Turn as TurnRow
from kb_platform.feedback import feedback_of
from web.api.schemas.conversations import Source, Turn


def turn_views(session: Session, caller: Principal, turns: Sequence[TurnRow]) -> list[Turn]:
    """Return the turns as their caller may see them: words of documents that may not be read any more are left out."""
    cited = {source["document_id"] for turn in turns for source in turn.sources if not source.get("web")}
    readable = access.still_readable_documents(session, caller, cited)
    given = feedback_of(session, caller.user_id, [turn.id for turn in turns])
    return [_turn_view(turn, readable, given.get(turn.id)) for turn in turns]


def _turn_view(turn: TurnRow, readable: frozenset[str], feedback: FeedbackRow | None) -> Turn:
    sources = [
        Source.model_validate(source)
        if source["document_id"] in readable or source.get("web")
        else Source.model_validate({**source, "text": "", "heading_path": [], "is_available": False})
        for source in turn.sources
    ]
    return Turn.model_validate(
        {
            "id": turn.id,
            "number": turn.number,
            "state": conversations.latest_state(turn),
            "question": turn.question,
            "query": turn.query,
            "reasoning": turn.reasoning,
            "reasoning_seconds": turn.reasoning_seconds,
            "answer": turn.answer,
            "answerer": turn.answerer,
            "model": turn.model,
            "abstained": turn.abstained,
            "sources": sources,
            "citations": turn.citations,
            "usage": turn.usage or None,
            "plan": turn.plan or None,
            "notices": turn.notices,
            "feedback": feedback,
            "error": turn.error,
            "created_at": turn.created_at,
        }
    )
