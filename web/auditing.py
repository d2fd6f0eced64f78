"""Around every request: what changes something, leaves the platform, asks or is refused goes into the audit.

The event is written before the answer is sent, so that nobody is told of something that the audit does not know. Of a
question that is allowed it is written while the model already reads it (`write_ahead`); where that then fails before
the first word, a second event says with which status.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb_platform.accounts import Principal
from kb_platform.audit import Entry, append_event
from kb_platform.database.engine import Database
from kb_platform.redaction import Redactor, redactor
from kb_platform.settings import Settings
from web.services import Services

log = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LEAVING = ("export_", "download_")
"""Reading operations after whose names something leaves the platform as a file."""
WITHOUT_SIGN_IN = frozenset({"sign_in", "finish_single_sign_on", "accept_invitation"})
"""Ways in: recorded although nobody is signed in. Of other requests without a valid credential there is no end: they
are not."""
ANSWERED = 200
NOT_RECORDED = frozenset({429})
"""Who is slowed down must not fill the audit."""
NOT_UNDERSTOOD = frozenset({400, 422})
"""Nothing was done, and what was sent may stand in the wrong field: a password where a role belongs."""

MOST_BODY_BYTES = 256 * 1024
QUESTION_FIELDS = ("question", "query", "messages")
KEPT_FIELDS = (
    "name",
    "display_name",
    "role",
    "level",
    "rights",
    "subject",
    "subject_id",
    "subject_kind",
    "subjects",
    "share_with",
    "shares",
    "member_ids",
    "is_active",
    "is_enabled",
    "department_id",
    "parent_id",
    "user_id",
    "group_id",
    "knowledge_base_id",
    "knowledge_base_ids",
    "document_ids",
    "action",
    "expires_at",
    "folder",
    "tags",
    "base_url",
    "model",
    "allowed_origins",
    "storage_mib",
    "documents",
    "tokens_per_day",
    "web_search",
)
"""Of what was sent, as far as it says what was done. Nothing else is kept: a new field may be a password."""


@dataclass(slots=True)
class _Request:
    body: bytearray = field(default_factory=bytearray)
    status: int = 0
    is_written: bool = False
    ahead: asyncio.Future[None] | None = None
    """Being written, or written, as answered with 200."""


class Audit:
    """ASGI middleware. Works on the application's services once they are there."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings
        self._redact: Redactor = redactor(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        request = _Request()
        is_json = Headers(scope=scope).get("content-type", "").startswith("application/json")
        held: list[Message] = []

        async def receive_noted() -> Message:
            message = await receive()
            if is_json and len(request.body) < MOST_BODY_BYTES:
                request.body += message.get("body", b"")
            return message

        async def send_after_writing(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                if _tells_what_was_made(message):
                    held.append(message)  # its body names the ids
                    return
                await self._write(scope, request, b"")
            elif held:
                await self._write(scope, request, message.get("body", b""))
                await send(held.pop())
            await send(message)

        scope["state"]["write_ahead"] = partial(self._write_ahead, scope, request)
        try:
            await self.app(scope, receive_noted, send_after_writing)
        except Exception:
            request.status = request.status or 500
            await self._write(scope, request, b"")
            raise

    async def _write(self, scope: Scope, request: _Request, made: bytes) -> None:
        if request.is_written:
            return
        request.is_written = True
        if request.ahead is not None:
            await request.ahead
            if request.status == ANSWERED:
                return
        entry = self._entry(scope, request, request.status, made)
        if entry is not None:
            await self._append(scope, entry)

    def _write_ahead(self, scope: Scope, request: _Request) -> None:
        entry = self._entry(scope, request, ANSWERED, b"")
        if entry is not None and request.ahead is None:
            request.ahead = self._append(scope, entry)

    def _append(self, scope: Scope, entry: Entry) -> asyncio.Future[None]:
        services: Services = scope["app"].state.services
        return asyncio.get_running_loop().run_in_executor(None, self._appended, services.database, entry)

    def _appended(self, database: Database, entry: Entry) -> None:
        try:
            append_event(database, self._settings.security.secret_key, entry)
        except Exception:
            # The request has been done: an error now would only tell its sender something wrong.
            log.exception("%s by %s could not be written to the audit", entry.action, entry.user or "nobody")

    def _entry(self, scope: Scope, request: _Request, status: int, made: bytes) -> Entry | None:
        action = getattr(scope.get("route"), "operation_id", None)
        principal: Principal | None = scope["state"].get("principal")
        if not action or not _is_recorded(scope["method"], action, status, principal):
            return None
        sent = _json(bytes(request.body))
        objects = {name: str(value) for name, value in scope.get("path_params", {}).items() if name.endswith("_id")}
        kept = () if status in NOT_UNDERSTOOD else KEPT_FIELDS
        details: dict[str, Any] = {name: sent[name] for name in kept if name in sent}
        details |= scope["state"].get("audit_details", {})
        if self._settings.audit.keep_questions:
            details |= {name: _question(sent[name]) for name in QUESTION_FIELDS if name in sent}
        answered = _json(made)
        objects |= _made(answered)
        details |= _uploaded(answered)
        client = scope.get("client")
        headers = Headers(scope=scope)
        user, user_id, credential, credential_id = _who(principal, sent, answered)
        return Entry(
            action=action,
            status=status,
            user_id=user_id,
            user=user,
            credential=credential,
            credential_id=credential_id,
            objects=objects,
            details=self._redact.values(details),
            address=client[0] if client else "",
            user_agent=self._redact(headers.get("user-agent", "")),
        )


def write_ahead(request: Request) -> None:
    """Begin to write the event of a request as answered with 200. For a route that has checked everything and now lets
    something slow begin, of which it tells nobody before this is written."""
    request.state.write_ahead()


def is_audited(method: str, action: str) -> bool:
    """Return whether an operation is recorded whenever a signed-in caller gets an answer."""
    return method not in SAFE_METHODS or action.startswith(LEAVING)


def _is_recorded(method: str, action: str, status: int, principal: Principal | None) -> bool:
    if status in NOT_RECORDED:
        return False
    if action in WITHOUT_SIGN_IN:
        return True
    if principal is None:
        return False
    return is_audited(method, action) or status == 403


def _who(
    principal: Principal | None, sent: Mapping[str, Any], answered: Mapping[str, Any]
) -> tuple[str, str, str, str]:
    if principal is None:
        user = answered.get("user")
        user_id = str(user.get("id", "")) if isinstance(user, dict) else ""
        return str(sent.get("email", "")), user_id, "", ""
    if principal.credential == "widget":  # whom the site names, and not the widget's maker
        return principal.display_name, "", principal.credential, principal.credential_id
    key = principal.credential_id if principal.credential != "session" else ""
    return principal.email, principal.user_id, principal.credential, key


def _tells_what_was_made(message: Message) -> bool:
    kind = Headers(raw=message["headers"]).get("content-type", "")
    return message["status"] in (201, 202) and kind.startswith("application/json")


def _made(answered: Mapping[str, Any]) -> dict[str, Any]:
    documents = answered.get("documents")
    if isinstance(documents, list):
        return {"document_ids": [str(one.get("id")) for one in documents if isinstance(one, dict)]}
    return {"id": str(answered["id"])} if "id" in answered else {}


def _uploaded(answered: Mapping[str, Any]) -> dict[str, Any]:
    documents = answered.get("documents")
    if not isinstance(documents, list):
        return {}
    return {"names": [str(one.get("name", "")) for one in documents if isinstance(one, dict)]}


def _question(value: Any) -> Any:
    """Of a chat's messages the last: the ones before were recorded when they were asked."""
    if isinstance(value, list):
        last = value[-1] if value else ""
        return last.get("content", "") if isinstance(last, dict) else str(last)
    return value


def _json(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
