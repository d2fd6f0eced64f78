"""What other sites show in a frame: the chat's own page."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response

from kb_platform import widgets
from kb_platform.domain.errors import NotFound
from web.pages import ASK_EACH_TIME, BUILT, NOT_BUILT
from web.security import policy_in_frames_of
from web.services import Services


def widget_pages(built: Path = BUILT) -> APIRouter:
    """Serve `/widget/{id}`; `/widget.js`, the script, is a file like others."""
    router = APIRouter(include_in_schema=False)

    @router.get("/widget/{widget_id}")
    async def page(widget_id: UUID, request: Request) -> Response:
        services: Services = request.app.state.services
        try:
            origins = await asyncio.to_thread(_origins, services, str(widget_id))
        except NotFound as error:
            return PlainTextResponse(error.message, 404)
        return _built(built / "widget.html", {"Content-Security-Policy": policy_in_frames_of(origins)})

    return router


def _origins(services: Services, widget_id: str) -> list[str]:
    with services.database.reading() as session:
        return list(widgets.find_widget(session, widget_id).allowed_origins)


def _built(path: Path, headers: dict[str, str]) -> Response:
    if not path.is_file():
        return PlainTextResponse(NOT_BUILT, 404)
    return FileResponse(path, headers={**ASK_EACH_TIME, **headers})
