"""Single sign-on: to the provider's page and back."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Cookie, Query, Request
from starlette.responses import RedirectResponse, Response

from kb_platform import accounts, identities
from kb_platform.domain.errors import KnowledgeBaseError, NotFound
from web.api.dependencies import ServicesDep, Visitor
from web.api.sessions import set_session_cookie
from web.services import Services
from web.single_sign_on import MOST_SECONDS_AWAY, SingleSignOn

log = logging.getLogger(__name__)

COOKIE = "kb_single_sign_on"
PATH = "/api/v1/single-sign-on"
FOUND = 303

router = APIRouter(prefix="/single-sign-on", tags=["sessions"])


@router.get(
    "/start",
    operation_id="begin_single_sign_on",
    status_code=FOUND,
    response_class=RedirectResponse,
    openapi_extra={"security": []},
)
async def begin_single_sign_on(
    request: Request,
    services: ServicesDep,
    _address: Visitor,
    next_page: Annotated[
        str, Query(alias="next", max_length=2000, description="Page of the app to return to, as a path.")
    ] = "/",
) -> Response:
    """Send the browser to the provider's sign-in page."""
    departure = await _provider(services).depart(_callback(request, services), next_page)
    response = RedirectResponse(departure.url, FOUND)
    # Lax, not strict: the provider's page sends the browser back from another site.
    response.set_cookie(
        COOKIE,
        departure.cookie,
        max_age=MOST_SECONDS_AWAY,
        path=PATH,
        httponly=True,
        secure=services.settings.server.secure_cookies,
        samesite="lax",
    )
    return response


@router.get(
    "/callback",
    operation_id="finish_single_sign_on",
    status_code=FOUND,
    response_class=RedirectResponse,
    openapi_extra={"security": []},
)
async def finish_single_sign_on(
    request: Request,
    services: ServicesDep,
    _address: Visitor,
    kept: Annotated[str, Cookie(alias=COOKIE, include_in_schema=False)] = "",
) -> Response:
    """Where the provider sends the browser back to. Signs in and goes to the page; a sign-in that failed goes to the
    sign-in page, which says why."""
    provider = _provider(services)
    try:
        arrival = await provider.arrive(_callback(request, services), request.query_params, kept)
        session = await asyncio.to_thread(
            identities.sign_in_as,
            services.database,
            arrival.person,
            services.settings.single_sign_on.departments,
            services.settings.server.session_hours,
        )
    except KnowledgeBaseError as error:
        log.warning("A single sign-on failed: %s", error.message)
        request.state.audit_details = {"refused": error.code}
        response = RedirectResponse("/sign-in?" + urlencode({"problem": error.code}), FOUND)
    else:
        request.state.principal = accounts.principal_of(session.user)
        response = RedirectResponse(arrival.next, FOUND)
        set_session_cookie(response, services, session)
    response.delete_cookie(COOKIE, path=PATH, httponly=True, secure=services.settings.server.secure_cookies)
    return response


def _provider(services: Services) -> SingleSignOn:
    if services.single_sign_on is None:
        raise NotFound("There is no single sign-on here.")
    return services.single_sign_on


def _callback(request: Request, services: Services) -> str:
    base = services.settings.server.public_url or str(request.base_url)
    return f"{base.rstrip('/')}{PATH}/callback"
