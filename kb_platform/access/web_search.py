"""Who may ask the web."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kb_platform import web_search
from kb_platform.access.subjects import departments_above
from kb_platform.accounts import Principal
from kb_platform.domain.errors import NotAllowed


def may_search_web(session: Session, principal: Principal) -> bool:
    """Say whether an administrator has allowed the caller to ask the web."""
    return web_search.is_allowed(session, departments_above(session, principal.department_id))


def require_web_search(session: Session, principal: Principal) -> None:
    """Raises NotAllowed unless the caller may ask the web."""
    if not may_search_web(session, principal):
        raise NotAllowed("An administrator has not allowed web search for you.")
