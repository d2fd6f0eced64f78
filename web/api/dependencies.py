"""What routes ask for: the services, the caller, and the guards in front of them."""

from __future__ import annotations

import asyncio
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from kb_platform import quotas
from kb_platform.access import require_right
from kb_platform.accounts import Principal, authenticate
from kb_platform.domain.errors import NotAllowed, NotAuthenticated
from web.api.key_rights import right_needed
from web.rate_limits import QUESTIONS
from web.services import Services

COOKIE = "kb_session"
CSRF_HEADER = "X-KB-Request"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    scheme_name="session_cookie",
    description=f"Set by sign-in. Methods that change something also need the header `{CSRF_HEADER}: 1`.",
)
_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="A session's token or an API key.")


async def services(request: Request) -> Services:
    """Return the process's services (async, or FastAPI would send this line to a thread)."""
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(services)]


async def signed_in(
    request: Request,
    services: ServicesDep,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    cookie: Annotated[str | None, Depends(_cookie)],
) -> Principal:
    """Return the caller. Raises NotAuthenticated; NotAllowed for a change by cookie without the CSRF header, and for
    an API key without the right that the route asks for; TooManyRequests.

    A foreign page can make a browser send the cookie, but not this header without asking first.
    """
    if bearer is not None:
        credential = bearer.credentials
    elif not cookie:
        raise NotAuthenticated("Sign in, or send an API key as bearer token.")
    elif request.method not in SAFE_METHODS and CSRF_HEADER not in request.headers:
        raise NotAllowed(f"This request changes something: send the header {CSRF_HEADER}: 1 with it.")
    else:
        credential = cookie
    # One thread for all of it: going into one and back is the dearest part on a busy machine.
    return await asyncio.to_thread(_admitted, request, services, credential)


def _admitted(request: Request, services: Services, credential: str) -> Principal:
    principal = authenticate(services.database, credential)
    request.state.principal = principal  # for what stands around every request: the audit
    services.rate_limits.check_request(principal)
    route = request.scope.get("route")
    right = right_needed(route, request.method)
    if right is not None:
        require_right(principal, right)
    if getattr(route, "operation_id", None) in QUESTIONS:
        services.rate_limits.check_question(principal)
        require_tokens(services, principal)
    return principal


def require_tokens(services: Services, principal: Principal) -> None:
    """Raises TokensUsedUp when the caller's department has used its tokens of the day."""
    if principal.department_id is not None:
        with services.database.reading() as session:
            quotas.require_tokens(session, principal.department_id)


Caller = Annotated[Principal, Depends(signed_in)]


def visitor(request: Request, services: ServicesDep) -> str:
    """Return the address of somebody who need not be signed in. Raises TooManyRequests."""
    address = request.client.host if request.client else ""
    services.rate_limits.check_address(address)
    return address


Visitor = Annotated[str, Depends(visitor)]
