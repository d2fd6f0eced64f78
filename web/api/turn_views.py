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


def turn_views(session: Session, caller: Principal, turns: Sequence[TurnRow], *, with_plans: bool = True) -> list[Turn]:
    """Return the turns as their caller may see them: words of documents that are gone are left out, and so is a whole
    answer that was made from a document that the caller may not read any more. Plans hold summaries of earlier turns:
    where one of those is withheld, there are none."""
    cited = {source["document_id"] for turn in turns for source in turn.sources if not source.get("web")}
    readable = access.still_readable_documents(session, caller, cited)
    withheld = access.withheld_turns(session, caller, turns)
    given = feedback_of(session, caller.user_id, [turn.id for turn in turns])
    views = [_turn_view(turn, readable, withheld.get(turn.id), given.get(turn.id)) for turn in turns]
    if withheld or not with_plans:
        views = [view.model_copy(update={"plan": None}) for view in views]
    return views


def _turn_view(
    turn: TurnRow, readable: frozenset[str], forbidden: frozenset[str] | None, feedback: FeedbackRow | None
) -> Turn:
    sources = [
        Source.model_validate(source)
        if source["document_id"] in readable or source.get("web")
        else Source.model_validate({**source, "text": "", "heading_path": [], "is_available": False})
        for source in turn.sources
        if not forbidden or source["document_id"] not in forbidden
    ]
    if forbidden:
        return _withheld(turn, sources, feedback)
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
            "flags": turn.flags,
            "usage": turn.usage or None,
            "plan": turn.plan or None,
            "notices": turn.notices,
            "feedback": feedback,
            "error": turn.error,
            "created_at": turn.created_at,
        }
    )


def _withheld(turn: TurnRow, sources: list[Source], feedback: FeedbackRow | None) -> Turn:
    return Turn.model_validate(
        {
            "id": turn.id,
            "number": turn.number,
            "state": conversations.latest_state(turn),
            "question": turn.question,
            "query": "",
            "reasoning": "",
            "reasoning_seconds": turn.reasoning_seconds,
            "answer": "",
            "answerer": turn.answerer,
            "model": turn.model,
            "abstained": False,
            "sources": sources,
            "citations": [],
            "usage": turn.usage or None,
            "plan": None,
            "notices": turn.notices,
            "feedback": feedback,
            "error": "",
            "created_at": turn.created_at,
            "is_withheld": True,
        }
    )
