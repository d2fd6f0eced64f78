"""Signing in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from kb_platform import access, accounts
from kb_platform.domain.errors import NotAuthenticated
from web.api.dependencies import COOKIE, Caller, ServicesDep
from web.api.schemas.accounts import Session, SignIn, User

public = APIRouter(prefix="/sessions", tags=["sessions"])
router = APIRouter(prefix="/sessions", tags=["sessions"])


@public.post("", status_code=201, operation_id="sign_in", openapi_extra={"security": []})
def sign_in(body: SignIn, request: Request, response: Response, services: ServicesDep) -> Session:
    """Sign in with e-mail address and password. The answer's token is also set as a cookie."""
    address = request.client.host if request.client else ""
    services.sign_in_throttle.check(body.email, address)
    server = services.settings.server
    try:
        session = accounts.sign_in(services.database, body.email, body.password, server.session_hours)
    except NotAuthenticated:
        services.sign_in_throttle.failed(body.email, address)
        raise
    services.sign_in_throttle.succeeded(body.email, address)
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=server.session_hours * 3600,
        httponly=True,
        secure=server.secure_cookies,
        samesite="lax",
        path="/",
    )
    return Session(token=session.token, expires_at=session.expires_at, user=User.model_validate(session.user))


@router.delete("/current", status_code=204, operation_id="sign_out")
def sign_out(caller: Caller, response: Response, services: ServicesDep) -> None:
    """End the session that this request comes with."""
    access.require_session(caller)
    accounts.sign_out(services.database, caller)
    response.delete_cookie(
        COOKIE, path="/", httponly=True, secure=services.settings.server.secure_cookies, samesite="lax"
    )
