"""What calls of models took: kept for each call, summed by day, user, key and model."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, case, cast, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from kb_platform.accounts import Principal
from kb_platform.database.engine import Database
from kb_platform.database.people_tables import Department
from kb_platform.database.tables import ApiKey, UsagePurpose, UsageRecord, User
from kb_platform.model_endpoints import Prices
from kb_platform.spreadsheets import inert

MILLION = 1_000_000


class GroupBy(StrEnum):
    DAY = "day"
    USER = "user"
    API_KEY = "api_key"
    DEPARTMENT = "department"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Of one call. `cached` are those of the prompt that came from the server's prefix cache; `is_counted_here` says
    that the endpoint told no numbers."""

    prompt: int
    cached: int
    reasoning: int
    answer: int
    is_counted_here: bool = False


@dataclass(frozen=True, slots=True)
class UsageSum:
    """Tokens, cost and calls of one group; a field by which was not grouped is empty. `counted_here` are the calls
    whose endpoint told no numbers."""

    day: str
    user: str
    api_key: str
    department: str
    model: str
    calls: int
    prompt_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    answer_tokens: int
    counted_here: int
    cost: float


def cost_of(tokens: TokenCounts, prices: Prices) -> float:
    """Return what the tokens cost, in the currency of the prices."""
    missed = max(0, tokens.prompt - tokens.cached)
    output = tokens.reasoning + tokens.answer
    return (tokens.cached * prices.cache_hit + missed * prices.cache_miss + output * prices.output) / MILLION


def add_usage(
    database: Database,
    principal: Principal,
    model: str,
    endpoint: str,
    purpose: UsagePurpose,
    tokens: TokenCounts,
    prices: Prices,
) -> None:
    """Keep what one call took, at the prices of now."""
    row = UsageRecord(
        user_id=principal.user_id,
        api_key_id=principal.credential_id if principal.credential == "api_key" else None,
        department_id=principal.department_id,
        model=model,
        endpoint=endpoint,
        purpose=purpose,
        prompt_tokens=tokens.prompt,
        cached_tokens=tokens.cached,
        reasoning_tokens=tokens.reasoning,
        answer_tokens=tokens.answer,
        is_counted_here=tokens.is_counted_here,
        cost=cost_of(tokens, prices),
    )
    with database.writing() as session:
        session.add(row)


def usage_sums(
    session: Session,
    group_by: Collection[GroupBy],
    since: datetime,
    until: datetime,
    user_id: str | None = None,
    department_ids: Collection[str] | None = None,
) -> list[UsageSum]:
    """Return the sums of the calls in [since, until), of one user, of some departments or of all, by day (UTC)
    first."""
    columns: dict[GroupBy, ColumnElement[Any] | InstrumentedAttribute[str]] = {
        GroupBy.DAY: cast(UsageRecord.created_at, Date)
        if session.get_bind().dialect.name != "sqlite"
        else func.date(UsageRecord.created_at),
        GroupBy.USER: User.email,
        GroupBy.API_KEY: func.coalesce(ApiKey.name, ""),
        GroupBy.DEPARTMENT: func.coalesce(Department.name, ""),
        GroupBy.MODEL: UsageRecord.model,
    }
    groups = [columns[group] for group in GroupBy if group in group_by]
    query: Select[Any] = (
        select(
            *((columns[group] if group in group_by else literal("")).label(f"by_{group.value}") for group in GroupBy),
            func.count(UsageRecord.id),
            func.sum(UsageRecord.prompt_tokens),
            func.sum(UsageRecord.cached_tokens),
            func.sum(UsageRecord.reasoning_tokens),
            func.sum(UsageRecord.answer_tokens),
            func.sum(case((UsageRecord.is_counted_here, 1), else_=0)),
            func.sum(UsageRecord.cost),
        )
        .join(User, User.id == UsageRecord.user_id)
        .join(ApiKey, ApiKey.id == UsageRecord.api_key_id, isouter=True)
        .join(Department, Department.id == UsageRecord.department_id, isouter=True)
        .where(UsageRecord.created_at >= since, UsageRecord.created_at < until)
        .group_by(*groups)
        .order_by(*groups)
    )
    if user_id is not None:
        query = query.where(UsageRecord.user_id == user_id)
    if department_ids is not None:
        query = query.where(UsageRecord.department_id.in_(department_ids))
    found = session.execute(query)
    return [
        UsageSum(
            day=str(day),
            user=user,
            api_key=key,
            department=department,
            model=model,
            calls=calls,
            prompt_tokens=prompt,
            cached_tokens=cached,
            reasoning_tokens=reasoning,
            answer_tokens=answer,
            counted_here=counted_here,
            cost=float(cost),
        )
        for day, user, key, department, model, calls, prompt, cached, reasoning, answer, counted_here, cost in found
        if calls
    ]


def as_csv(sums: Iterable[UsageSum], currency: str) -> str:
    """Return the sums as CSV with a header row (a spreadsheet takes its leading mark for UTF-8)."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    names = [field.name for field in fields(UsageSum)]
    rows.writerow([*names[:-1], f"cost_{currency}"])
    for one in sums:
        rows.writerow([inert(value) for value in astuple(one)])
    return "\ufeff" + written.getvalue()
