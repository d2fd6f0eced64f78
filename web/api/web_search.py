"""Whether the web may be asked (administrators)."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.orm import Session

from kb_platform import access, web_search
from kb_platform.accounts import Principal
from kb_platform.domain.errors import NotAllowed
from kb_platform.web_search import WebSearchPermissions
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.web_search import WebSearch, WebSearchChange
from web.services import Services

router = APIRouter(prefix="/web-search", tags=["web search"])


@router.get("", operation_id="get_web_search")
def get_web_search(caller: Caller, services: ServicesDep) -> WebSearch:
    """The configured search engine, and who may use it."""
    access.require_administrator(caller)
    with services.database.reading() as session:
        allowed = web_search.permissions(session)
    return _view(services.settings.web_search.provider, allowed)


@router.put("", operation_id="set_web_search")
def set_web_search(body: WebSearchChange, caller: Caller, services: ServicesDep) -> WebSearch:
    """Say who may ask the web. Questions then go to the search engine, as they are understood in the conversation."""
    access.require_administrator(caller)
    wanted = WebSearchPermissions(body.everyone, frozenset(str(id_) for id_ in body.department_ids))
    with services.database.writing() as session:
        web_search.set_permissions(session, wanted, caller.user_id)
    return _view(services.settings.web_search.provider, wanted)


def require_web_search(services: Services, session: Session, caller: Principal) -> None:
    """Raises NotAllowed where the caller may not ask the web, or there is no search engine to ask."""
    if services.web is None:
        raise NotAllowed("No search engine is configured here (KB_WEB_SEARCH__PROVIDER).")
    access.require_web_search(session, caller)


def _view(provider: str, allowed: WebSearchPermissions) -> WebSearch:
    return WebSearch(provider=provider, everyone=allowed.everyone, department_ids=sorted(allowed.department_ids))
