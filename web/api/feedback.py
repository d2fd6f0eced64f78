"""Readers' feedback on answers, for editors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.orm import Session

from kb_platform import access
from kb_platform.accounts import Principal
from kb_platform.feedback import FeedbackEntry as Entry
from kb_platform.feedback import all_feedback, question_record
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.feedback import Feedback
from web.api.schemas.feedback_entries import FeedbackEntry, FeedbackList
from web.api.turn_views import turn_views

MOST_EXPORTED = 10_000
JSONL = "application/jsonl"

router = APIRouter(prefix="/feedback", tags=["feedback"])


@router.get("", operation_id="list_feedback")
def list_feedback(
    caller: Caller,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> FeedbackList:
    """Feedback with question and answer, newest first, on answers from knowledge bases that the caller edits."""
    access.require_reviewer(caller)
    with services.database.reading() as session:
        entries = list(islice(_reviewable(session, caller), offset, offset + limit))
        turns = turn_views(session, caller, [entry.turn for entry in entries], with_plans=False)
        return FeedbackList(
            entries=[
                FeedbackEntry(
                    feedback=Feedback.model_validate(entry.feedback),
                    turn=turn,
                    given_by=entry.given_by,
                    updated_at=entry.feedback.updated_at,
                )
                for entry, turn in zip(entries, turns, strict=True)
            ]
        )


@router.get(
    "/questions",
    operation_id="export_feedback",
    response_class=Response,
    responses={200: {"description": "One question a line.", "content": {JSONL: {"schema": {"type": "string"}}}}},
)
def export_feedback(caller: Caller, services: ServicesDep) -> Response:
    """The feedback as a question set that `kb eval run` reads; for editors."""
    access.require_reviewer(caller)
    with services.database.reading() as session:
        entries = list(islice(_reviewable(session, caller), MOST_EXPORTED))
        cited = {source["document_id"] for entry in entries for source in entry.turn.sources}
        readable = access.still_readable_documents(session, caller, cited)
        lines = [orjson.dumps(question_record(entry, readable)) for entry in entries]
    headers = {"Content-Disposition": 'attachment; filename="feedback.jsonl"'}
    return Response(b"".join(line + b"\n" for line in lines), media_type=JSONL, headers=headers)


def _reviewable(session: Session, caller: Principal) -> Iterator[Entry]:
    for entries in all_feedback(session):
        turns = access.reviewable_turns(session, caller, [(entry.turn, entry.conversation) for entry in entries])
        shown = {turn.id for turn in turns}
        yield from (entry for entry in entries if entry.turn.id in shown)
