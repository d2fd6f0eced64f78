"""Signing in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from kb_platform import access, accounts, identities
from kb_platform.accounts import NewSession
from kb_platform.domain.errors import DirectoryUnavailable, NotAllowed, NotAuthenticated
from web.api.dependencies import COOKIE, Caller, ServicesDep, Visitor
from web.api.schemas.accounts import Session, SignIn, SignInMethods, User
from web.services import Services

public = APIRouter(prefix="/sessions", tags=["sessions"])
router = APIRouter(prefix="/sessions", tags=["sessions"])


@public.post("", status_code=201, operation_id="sign_in", openapi_extra={"security": []})
def sign_in(body: SignIn, request: Request, response: Response, services: ServicesDep) -> Session:
    """Sign in with e-mail address (or name in the organisation's directory, where one is connected) and password. The
    answer's token is also set as a cookie."""
    address = request.client.host if request.client else ""
    if not services.settings.directory.is_on:
        require_passwords(services)
    services.sign_in_throttle.check(body.email, address)
    try:
        session = _by_password(services, body)
    except (NotAuthenticated, DirectoryUnavailable):  # while the directory is away a local password could be guessed at
        services.sign_in_throttle.failed(body.email, address)
        raise
    services.sign_in_throttle.succeeded(body.email, address)
    return begun(response, services, session)


@public.get("/methods", operation_id="get_sign_in_methods", openapi_extra={"security": []})
def get_sign_in_methods(_address: Visitor, services: ServicesDep) -> SignInMethods:
    """How people sign in here."""
    settings = services.settings.single_sign_on
    directory = services.settings.directory.is_on
    return SignInMethods(
        password=settings.allows_passwords or directory,
        directory=directory,
        single_sign_on=settings.is_on,
        single_sign_on_label=settings.label,
    )


@router.delete("/current", status_code=204, operation_id="sign_out")
def sign_out(caller: Caller, response: Response, services: ServicesDep) -> None:
    """End the session that this request comes with."""
    access.require_session(caller)
    accounts.sign_out(services.database, caller)
    response.delete_cookie(
        COOKIE, path="/", httponly=True, secure=services.settings.server.secure_cookies, samesite="lax"
    )


def _by_password(services: Services, body: SignIn) -> NewSession:
    """Begin a session by a local account's password, or else by one of the directory's."""
    settings, database = services.settings, services.database
    hours = settings.server.session_hours
    if settings.single_sign_on.allows_passwords:
        try:
            return accounts.sign_in(database, body.email, body.password, hours)
        except NotAuthenticated:
            if not settings.directory.is_on:
                raise
    # Imported where it is needed: few have a directory, and ldap3 takes a while.
    from kb_platform.directory import check_password

    person = check_password(settings.directory, body.email, body.password)
    return identities.sign_in_as(database, person, settings.directory.departments, hours)


def require_passwords(services: Services) -> None:
    """Raises NotAllowed where people sign in with single sign-on only."""
    if not services.settings.single_sign_on.allows_passwords:
        raise NotAllowed("People sign in with single sign-on here, not with passwords.")


def begun(response: Response, services: Services, session: NewSession) -> Session:
    """Give a new session to the browser, as a cookie, and return it as it is sent to programs."""
    set_session_cookie(response, services, session)
    return Session(token=session.token, expires_at=session.expires_at, user=User.model_validate(session.user))


def set_session_cookie(response: Response, services: Services, session: NewSession) -> None:
    """Let the browser be signed in."""
    server = services.settings.server
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=server.session_hours * 3600,
        httponly=True,
        secure=server.secure_cookies,
        samesite="lax",
        path="/",
    )
