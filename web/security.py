"""What stands before every request and behind every response: a bound on bodies, and security headers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "style-src 'self' 'unsafe-inline'",  # the component library sets sizes and positions by style
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def policy_in_frames_of(origins: Iterable[str]) -> str:
    """Return the policy of a page that may stand in frames on these sites."""
    return CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {' '.join(origins)}")


HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
UPLOADS = re.compile(r"/api/v1/knowledge-bases/[^/]+/documents")
"""Bounds its files itself, after it has checked who sends them."""
MOST_BODY_BYTES = 1024 * 1024
WIDGETS = ("/widget/", "/widget.js")
"""What stands on other sites' pages."""
STRICT_TRANSPORT_SECURITY = "max-age=31536000"


class SecurityHeaders:
    """ASGI middleware. `is_https` adds HSTS: only where TLS is in front, or a browser locks itself out."""

    def __init__(self, app: ASGIApp, is_https: bool = False) -> None:
        self.app = app
        self.headers = HEADERS | ({"Strict-Transport-Security": STRICT_TRANSPORT_SECURITY} if is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                own_policy = headers.get("Content-Security-Policy")
                for name, value in self.headers.items():
                    headers[name] = value
                if own_policy:  # a route that allows less, or the widget's page
                    headers["Content-Security-Policy"] = own_policy
                    if "frame-ancestors 'none'" not in own_policy and scope["path"].startswith(WIDGETS):
                        del headers["X-Frame-Options"]  # says the same for old browsers, and knows no sites
                if scope["path"].startswith(WIDGETS):
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                if scope["path"].startswith(("/api/", "/v1/")):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


class BodyLimit:
    """ASGI middleware: JSON bodies are read into memory before anybody asks who sends them, so they must be small."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or UPLOADS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MOST_BODY_BYTES:
                raise HTTPException(413, f"A request holds at most {MOST_BODY_BYTES // 1024} KiB.")
            return message

        await self.app(scope, receive_bounded, send)
