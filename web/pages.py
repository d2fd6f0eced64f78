"""The browser app, as it was built into web/ui/dist."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse, Response

from kb_platform.domain.errors import NotFound

BUILT = Path(__file__).parent / "ui" / "dist"
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
ASK_EACH_TIME = {"Cache-Control": "no-cache"}
NOT_BUILT = "The browser app has not been built: run `npm ci && npm run build` in web/ui. The API works without it.\n"


def _file(folder: Path, path: str) -> Path | None:
    """Return the file of the folder that a URL's path names, None where there is none."""
    try:
        wanted = (folder / path).resolve()
        return wanted if wanted.is_relative_to(folder.resolve()) and wanted.is_file() else None
    except (OSError, ValueError):  # longer than a name may be, or with characters that none may hold
        return None


def pages(built: Path = BUILT) -> APIRouter:
    """Serve the files of `built`; any other path that is not the API's gets the app, which knows its own pages."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{path:path}")
    def page(path: str) -> Response:
        if path in ("api", "v1") or path.startswith(("api/", "v1/")):
            raise NotFound("There is no such path.")
        wanted = _file(built, path)
        if wanted is not None:
            # The build puts a digest of their content into the names of its assets.
            return FileResponse(wanted, headers=FOREVER if path.startswith("assets/") else ASK_EACH_TIME)
        if path.startswith("assets/"):
            raise NotFound("There is no such file.")
        index = built / "index.html"
        if not index.is_file():
            return PlainTextResponse(NOT_BUILT, 404)
        return FileResponse(index, headers=ASK_EACH_TIME)

    return router
