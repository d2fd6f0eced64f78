"""Readers' feedback on answers: kept with the turn, read by editors, exported as a question set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb_platform.database.tables import Conversation, Feedback, Turn, TurnState, User
from kb_platform.domain.errors import Conflict, InvalidInput

MOST_COMMENT_CHARACTERS = 2000
READ_AT_ONCE = 200
_MARKER = re.compile(r"\s?\[\d+\]")


class Rating(StrEnum):
    UP = "up"
    DOWN = "down"
    NONE = ""


@dataclass(frozen=True, slots=True)
class WrongCitation:
    """A citation that a reader called wrong: its number, and where the sentence that carries it begins."""

    number: int
    sentence_start: int


@dataclass(frozen=True, slots=True)
class FeedbackEntry:
    """Feedback with what it is about."""

    feedback: Feedback
    turn: Turn
    conversation: Conversation
    given_by: str


def give_feedback(
    session: Session, turn: Turn, user_id: str, rating: Rating, wrong: Sequence[WrongCitation], comment: str
) -> Feedback | None:
    """Keep the user's feedback on a turn of theirs, in the place of what they said before; nothing at all takes it
    back (None). In the caller's transaction. Raises Conflict while the turn is being answered, InvalidInput for a
    citation that the answer does not have."""
    if turn.state == TurnState.ANSWERING:
        raise Conflict("The answer is still being made.")
    there = {(citation["number"], citation["sentence_start"]) for citation in turn.citations}
    if any((one.number, one.sentence_start) not in there for one in wrong):
        raise InvalidInput("The answer has no such citation.")
    comment = comment.strip()
    if len(comment) > MOST_COMMENT_CHARACTERS:
        raise InvalidInput(f"A comment has at most {MOST_COMMENT_CHARACTERS} characters.")
    row = feedback_of(session, user_id, [turn.id]).get(turn.id)
    if not rating and not wrong and not comment:
        if row is not None:
            session.delete(row)
        return None
    if row is None:
        row = Feedback(turn_id=turn.id, user_id=user_id)
        session.add(row)
    row.rating, row.comment = rating, comment
    row.wrong_citations = [{"number": one.number, "sentence_start": one.sentence_start} for one in wrong]
    session.flush()
    return row


def feedback_of(session: Session, user_id: str, turn_ids: Sequence[str]) -> dict[str, Feedback]:
    """Return the user's feedback by turn."""
    query = select(Feedback).where(Feedback.turn_id.in_(turn_ids), Feedback.user_id == user_id)
    return {row.turn_id: row for row in session.scalars(query)}


def all_feedback(session: Session) -> Iterator[list[FeedbackEntry]]:
    """Yield everybody's feedback, newest first, some at a time. Which of it a caller may read, `access` says."""
    query = (
        select(Feedback, Turn, Conversation, User)
        .join(Turn, Turn.id == Feedback.turn_id)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .join(User, User.id == Feedback.user_id)
        .order_by(Feedback.updated_at.desc(), Feedback.id)
    )
    for offset in count(step=READ_AT_ONCE):
        rows = session.execute(query.limit(READ_AT_ONCE).offset(offset)).all()
        yield [FeedbackEntry(row, turn, about, user.display_name or user.email) for row, turn, about, user in rows]
        if len(rows) < READ_AT_ONCE:
            return


def question_record(entry: FeedbackEntry, readable: frozenset[str]) -> dict[str, Any]:
    """Return the feedback as a line of a question set.

    An answer that was found good is the expected one, its citations that nobody called wrong are the passages to find,
    and a good abstention is an unanswerable question. Of an answer that was not, only the question is known, and which
    passages do not belong to it. Passages of documents that are not `readable` are left out.
    """
    turn, row = entry.turn, entry.feedback
    marked = {(one["number"], one["sentence_start"]) for one in row.wrong_citations}
    sources = {source["number"]: source for source in turn.sources if source["document_id"] in readable}
    right: list[dict[str, str]] = []
    wrong: list[dict[str, str]] = []
    for citation in turn.citations:
        source = sources.get(citation["number"])
        if source is not None:
            is_wrong = (citation["number"], citation["sentence_start"]) in marked
            (wrong if is_wrong else right).append(
                {"document": source["document_name"], "words": _words(citation, source)}
            )
    is_good = row.rating == Rating.UP
    record: dict[str, Any] = {
        "id": turn.id,
        "question": turn.query or turn.question,
        "rating": row.rating,
        "comment": row.comment,
        "unanswerable": is_good and turn.abstained,
    }
    if is_good and not turn.abstained:
        record |= {"answers": [_MARKER.sub("", turn.answer).strip()], "passages": right}
    if wrong:
        record["wrong_passages"] = wrong
    return record


def _words(citation: dict[str, Any], source: dict[str, Any]) -> str:
    """Return the words that carry the claim."""
    if citation.get("edited_words"):
        return str(citation["edited_words"])
    start = int(source["start"])
    return str(source["text"])[int(citation["evidence_start"]) - start : int(citation["evidence_end"]) - start]
