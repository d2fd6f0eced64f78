"""The audit, for administrators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from kb_platform import access
from kb_platform.audit_search import AuditFilter, Result, export_lines, find_events
from kb_platform.domain.errors import InvalidInput
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.audit import AuditEvent, AuditEventList
from web.auditing import is_audited
from web.mcp_server import ACTIONS as MCP_ACTIONS

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
MOST_CHARACTERS = 320

router = APIRouter(prefix="/audit-events", tags=["audit"])

User = Annotated[str, Query(max_length=MOST_CHARACTERS, description="Part of an e-mail address.")]
Action = Annotated[str, Query(max_length=64, description="An operation's `operationId`.")]
Object = Annotated[str, Query(max_length=64, description="Id of an object, an API key or a user.")]
Address = Annotated[str, Query(max_length=64, description="Network address.")]
Outcome = Annotated[
    Result,
    Query(description="done: below 400, refused: below 500, failed: the rest."),
]
Since = Annotated[datetime | None, Query(description="From then on.")]
Until = Annotated[datetime | None, Query(description="Before then.")]


@router.get("", operation_id="list_audit_events")
def list_audit_events(
    request: Request,
    caller: Caller,
    services: ServicesDep,
    user: User = "",
    action: Action = "",
    object_id: Object = "",
    address: Address = "",
    result: Outcome = "",
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[
        int, Query(ge=0, le=2**53, description="Number of the last event of the page before; 0: the latest.")
    ] = 0,
) -> AuditEventList:
    """Who did what to which object, latest first; for administrators."""
    access.require_administrator(caller)
    wanted = _filter(user, action, object_id, address, result, since, until)
    with services.database.reading() as session:
        found = [AuditEvent.model_validate(event) for event in find_events(session, wanted, limit, before)]
    return AuditEventList(events=found, actions=_actions(request))


@router.get(
    "/export",
    operation_id="export_audit_events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "An event a line, oldest first, with all columns.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/jsonl": {"schema": {"type": "string"}},
            },
        }
    },
)
def export_audit_events(
    caller: Caller,
    services: ServicesDep,
    form: Annotated[Literal["csv", "jsonl"], Query(alias="format")] = "csv",
    user: User = "",
    action: Action = "",
    object_id: Object = "",
    address: Address = "",
    result: Outcome = "",
    since: Since = None,
    until: Until = None,
) -> StreamingResponse:
    """The same as a file; for administrators."""
    access.require_administrator(caller)
    wanted = _filter(user, action, object_id, address, result, since, until)
    headers = {"Content-Disposition": f'attachment; filename="audit.{form}"'}
    lines = export_lines(services.database, wanted, form)
    return StreamingResponse(lines, media_type=MEDIA_TYPES[form], headers=headers)


def _actions(request: Request) -> list[str]:
    paths = request.app.openapi()["paths"].values()
    of_routes = {
        operation["operationId"]
        for methods in paths
        for method, operation in methods.items()
        if is_audited(method.upper(), operation["operationId"])
    }
    return sorted({*of_routes, *MCP_ACTIONS})


def _filter(
    user: str, action: str, object_id: str, address: str, result: Result, since: datetime | None, until: datetime | None
) -> AuditFilter:
    # NUL is an error to Postgres instead of text that matches nothing.
    user, action, object_id, address = (text.replace("\x00", "\ufffd") for text in (user, action, object_id, address))
    return AuditFilter(user, action, object_id, address, result, _utc(since), _utc(until))


def _utc(time: datetime | None) -> datetime | None:
    if time is None:
        return None
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInput("since and until: no such time in UTC.") from error
