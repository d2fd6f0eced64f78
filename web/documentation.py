"""The API's description and its page. Swagger UI comes with the install: nothing is loaded from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from kb_platform.domain.errors import NotFound

OPENAPI_PATH = "/api/v1/openapi.json"

router = APIRouter(tags=["system"])

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>API</title><link rel="stylesheet" href="/api/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script><script src="/api/docs/start.js"></script></body>
</html>
"""
START = f"""SwaggerUIBundle({{
  url: "{OPENAPI_PATH}", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  requestInterceptor: (request) => {{ request.headers["X-KB-Request"] = "1"; return request; }},
}});
"""
ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}


@router.get(OPENAPI_PATH, operation_id="get_openapi")
def get_openapi(request: Request) -> dict[str, Any]:
    """This description."""
    description: dict[str, Any] = request.app.openapi()
    return description


@router.get("/api/docs", include_in_schema=False)
def page() -> HTMLResponse:
    return HTMLResponse(PAGE)


@router.get("/api/docs/{name}", include_in_schema=False)
def asset(name: str) -> Response:
    if name == "start.js":
        return Response(START, media_type="text/javascript")
    if name not in ASSETS:
        raise NotFound("There is no such page.")
    content = files("fastapi_swagger").joinpath("resources", name).read_bytes()
    return Response(content, media_type=ASSETS[name])
