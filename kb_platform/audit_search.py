"""Searching the audit and writing it out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, String, cast, or_, select
from sqlalchemy.orm import Session

from kb_platform.database.audit_tables import AuditEvent
from kb_platform.database.engine import Database
from kb_platform.spreadsheets import inert

EXPORTED_AT_ONCE = 1000
COLUMNS = (
    "number",
    "at",
    "action",
    "status",
    "user",
    "user_id",
    "credential",
    "credential_id",
    "objects",
    "details",
    "address",
    "user_agent",
    "previous_hash",
    "hash",
)

Result = Literal["", "done", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events: an empty field admits all. `user` is part of an e-mail address, `object_id` an id in `objects`,
    `result` done (below 400), refused (below 500) or failed."""

    user: str = ""
    action: str = ""
    object_id: str = ""
    address: str = ""
    result: Result = ""
    since: datetime | None = None
    until: datetime | None = None


def find_events(session: Session, wanted: AuditFilter, limit: int, before: int = 0) -> list[AuditEvent]:
    """Return the events, latest first; `before` is the number of the last event of the page before."""
    query = select(AuditEvent).where(*_conditions(wanted)).order_by(AuditEvent.number.desc()).limit(limit)
    if before:
        query = query.where(AuditEvent.number < before)
    return list(session.scalars(query))


def export_lines(database: Database, wanted: AuditFilter, form: Literal["csv", "jsonl"]) -> Iterator[str]:
    """Yield all events, oldest first, as pieces of a CSV file (with a header row) or as JSON lines. The JSON lines
    hold every column, so that the chain can be checked without the platform."""
    if form == "csv":
        yield "\ufeff" + _csv_row(list(COLUMNS))
    last = 0
    while True:
        with database.reading() as session:
            query = select(AuditEvent).where(*_conditions(wanted), AuditEvent.number > last)
            page = session.scalars(query.order_by(AuditEvent.number).limit(EXPORTED_AT_ONCE)).all()
        if not page:
            return
        last = page[-1].number
        rows = [{name: _plain(getattr(event, name)) for name in COLUMNS} for event in page]
        if form == "csv":
            yield "".join(_csv_row([_cell(row[name]) for name in COLUMNS]) for row in rows)
        else:
            yield "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.user:
        found.append(AuditEvent.user.icontains(wanted.user, autoescape=True))
    if wanted.action:
        found.append(AuditEvent.action == wanted.action)
    if wanted.object_id:
        texts = (cast(AuditEvent.objects, String), AuditEvent.credential_id, AuditEvent.user_id)
        found.append(or_(*(text.contains(wanted.object_id, autoescape=True) for text in texts)))
    if wanted.address:
        found.append(AuditEvent.address == wanted.address)
    match wanted.result:
        case "done":
            found.append(AuditEvent.status < 400)
        case "refused":
            found.append(AuditEvent.status.between(400, 499))
        case "failed":
            found.append(AuditEvent.status >= 500)
    if wanted.since is not None:
        found.append(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        found.append(AuditEvent.at < wanted.until)
    return found


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _cell(value: Any) -> Any:
    return inert(json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value)


def _csv_row(cells: list[Any]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
