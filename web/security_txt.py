"""`/.well-known/security.txt` (RFC 9116): where to report a vulnerability of this installation."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from kb_platform.database.tables import now
from kb_platform.domain.errors import NotFound
from web.api.dependencies import ServicesDep

PATH = "/.well-known/security.txt"
VALID = timedelta(days=180)

router = APIRouter(include_in_schema=False)


@router.get(PATH)
def security_txt(services: ServicesDep) -> PlainTextResponse:
    """The file, where the setting names a contact."""
    settings = services.settings
    if not settings.security.contact:
        raise NotFound("This installation names no contact for security (KB_SECURITY__CONTACT).")
    expires = (now() + VALID).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"Contact: {settings.security.contact}", f"Expires: {expires}", "Preferred-Languages: zh, en"]
    if settings.server.public_url:
        lines.append(f"Canonical: {settings.server.public_url.rstrip('/')}{PATH}")
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; charset=utf-8")
