"""Who may ask the web: nobody, until an administrator says otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kb_platform.database.people_tables import Department
from kb_platform.database.web_search_tables import WebSearchPermission
from kb_platform.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class WebSearchPermissions:
    """`everyone`, or the members of `department_ids`, may ask the web."""

    everyone: bool = False
    department_ids: frozenset[str] = frozenset()


def permissions(session: Session) -> WebSearchPermissions:
    """Return what administrators have allowed."""
    allowed = set(session.scalars(select(WebSearchPermission.department_id)))
    return WebSearchPermissions(None in allowed, frozenset(id_ for id_ in allowed if id_ is not None))


def is_allowed(session: Session, department_ids: Collection[str]) -> bool:
    """Say whether a member of these departments may ask the web."""
    allowed = permissions(session)
    return allowed.everyone or not allowed.department_ids.isdisjoint(department_ids)


def set_permissions(session: Session, wanted: WebSearchPermissions, by_user_id: str) -> None:
    """Allow exactly this from now on, in the caller's transaction. Raises NotFound for an unknown department."""
    known = set(session.scalars(select(Department.id).where(Department.id.in_(wanted.department_ids))))
    if wanted.department_ids - known:
        raise NotFound("There is no such department.")
    session.execute(delete(WebSearchPermission))
    allowed: list[str | None] = [*sorted(wanted.department_ids), *([None] if wanted.everyone else [])]
    session.add_all(WebSearchPermission(department_id=id_, created_by=by_user_id) for id_ in allowed)


def forget_department(session: Session, department_id: str) -> None:
    """Take back what was allowed to a department that is being deleted, in the caller's transaction."""
    session.execute(delete(WebSearchPermission).where(WebSearchPermission.department_id == department_id))
