"""What calls of models took: everybody sees their own, managers their departments', administrators everybody's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from kb_platform import access
from kb_platform.accounts import Principal
from kb_platform.domain.errors import InvalidInput
from kb_platform.usage import GroupBy, as_csv, usage_sums
from kb_platform.usage import UsageSum as Sum
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.usage import UsageReport, UsageSum
from web.services import Services

USUAL_DAYS = 30
MOST_DAYS = 3660

router = APIRouter(prefix="/usage", tags=["usage"])

Groups = Annotated[list[GroupBy], Query(description="What is summed by.")]
Since = Annotated[date | None, Query(description="First day (UTC); 30 days ago if not given.")]
Until = Annotated[date | None, Query(description="Last day (UTC), included; today if not given.")]
Of = Annotated[
    Literal["me", "department", "all"],
    Query(description="`department` is for managers: theirs and those below; `all` is for administrators."),
]


@router.get("", operation_id="get_usage")
def get_usage(
    caller: Caller,
    services: ServicesDep,
    of: Of = "me",
    group_by: Groups = [GroupBy.DAY, GroupBy.MODEL],  # noqa: B006 - FastAPI copies it
    since: Since = None,
    until: Until = None,
) -> UsageReport:
    """Tokens, calls and cost, summed."""
    sums = _sums(services, caller, of, group_by, since, until)
    return UsageReport(sums=[UsageSum.model_validate(one) for one in sums], currency=services.settings.model.currency)


@router.get(
    "/csv",
    operation_id="export_usage",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "A row for each sum."}},
)
def export_usage(
    caller: Caller,
    services: ServicesDep,
    of: Of = "me",
    group_by: Groups = list(GroupBy),  # noqa: B006 - FastAPI copies it
    since: Since = None,
    until: Until = None,
) -> Response:
    """The same as CSV."""
    sums = _sums(services, caller, of, group_by, since, until)
    currency = re.sub(r"\W", "", services.settings.model.currency)
    headers = {"Content-Disposition": 'attachment; filename="usage.csv"'}
    return Response(as_csv(sums, currency), media_type="text/csv; charset=utf-8", headers=headers)


def _sums(
    services: Services,
    caller: Principal,
    of: str,
    group_by: Sequence[GroupBy],
    since: date | None,
    until: date | None,
) -> list[Sum]:
    access.require_whole(caller)
    if of == "all":
        access.require_administrator(caller)
    if of == "department":
        access.require_manager(caller)
    last = until or datetime.now(UTC).date()
    first = since or (last - timedelta(days=USUAL_DAYS) if last >= date(1, 2, 1) else last)
    if first > last or (last - first).days > MOST_DAYS or last == date.max:
        raise InvalidInput("since and until: at most ten years, the first day not after the last.")
    begin, end = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1)))
    with services.database.reading() as session:
        departments = access.managed_departments(session, caller) if of == "department" else None
        return usage_sums(session, group_by, begin, end, caller.user_id if of == "me" else None, departments)
