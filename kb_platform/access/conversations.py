"""Which conversations a caller sees, what of their answers, and whose feedback."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from kb_platform import conversations
from kb_platform.access.documents import forbidden_documents
from kb_platform.access.knowledge_bases import levels
from kb_platform.accounts import Principal
from kb_platform.database.tables import Conversation, Role, Turn
from kb_platform.domain.access import Level


def own_conversation(session: Session, principal: Principal, conversation_id: str) -> Conversation:
    """Return the caller's conversation with its turns. Raises NotFound, also for somebody else's, and for one that
    the caller's key does not open."""
    row = conversations.conversation(session, principal.user_id, conversation_id)
    if not opens(principal, row):
        raise conversations.unknown_conversation()
    return row


def own_conversations(session: Session, principal: Principal, limit: int, offset: int = 0) -> list[Conversation]:
    """Return the caller's conversations without their turns, last used first."""
    if principal.knowledge_base_ids is None:
        return conversations.conversations_of(session, principal.user_id, limit, offset)
    rows = conversations.conversations_of(session, principal.user_id)
    return [row for row in rows if opens(principal, row)][offset : offset + limit]


def opens(principal: Principal, row: Conversation) -> bool:
    """Whether a conversation is about nothing but what the caller's key is for."""
    if principal.knowledge_base_ids is None:
        return True
    return bool(row.knowledge_base_ids) and principal.knowledge_base_ids.issuperset(row.knowledge_base_ids)


def withheld_turns(session: Session, principal: Principal, turns: Iterable[Turn]) -> dict[str, frozenset[str]]:
    """Return, by turn, the documents that its answer was made from and the caller may not read any more: of such a
    turn nothing but the question is shown, or given to a model as history."""
    sources = {turn.id: sources_of(turn) for turn in turns}
    forbidden = forbidden_documents(session, principal, {pair for pairs in sources.values() for pair in pairs})
    found = {turn_id: frozenset(id_ for id_, _ in pairs) & forbidden for turn_id, pairs in sources.items()}
    return {turn_id: documents for turn_id, documents in found.items() if documents}


def reviewable_turns(session: Session, principal: Principal, turns: Iterable[tuple[Turn, Conversation]]) -> list[Turn]:
    """Return the turns whose feedback the caller may read: those about knowledge bases that they may edit."""
    if principal.role is Role.ADMINISTRATOR and principal.knowledge_base_ids is None:
        return [turn for turn, _ in turns]
    edited = {id_ for id_, level in levels(session, principal).items() if level.reaches(Level.EDITOR)}
    about = [(turn, {base_id for _, base_id in sources_of(turn)} | set(row.knowledge_base_ids)) for turn, row in turns]
    shown = [turn for turn, bases in about if bases and bases <= edited]
    withheld = withheld_turns(session, principal, shown)
    return [turn for turn in shown if turn.id not in withheld]


def sources_of(turn: Turn) -> set[tuple[str, str]]:
    """Return the (document, knowledge base) of each passage that an answer was made from; not pages of the web."""
    records: list[dict[str, Any]] = turn.sources
    return {(record["document_id"], record["knowledge_base_id"]) for record in records if not record.get("web")}
