"""The one mapping from errors to HTTP: `{"error": {"code", "message"}}` whatever went wrong."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kb_platform.domain.errors import (
    Conflict,
    ContextWindowExceeded,
    InvalidInput,
    KnowledgeBaseError,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    QuotaFull,
    TooLarge,
    TooManyRequests,
    Unavailable,
)
from web.api.openai_errors import PATHS as OPENAI_PATHS
from web.api.openai_errors import openai_error, openai_status

log = logging.getLogger(__name__)

STATUS: Sequence[tuple[type[KnowledgeBaseError], int]] = (  # the first that fits
    (TooLarge, 413),
    (QuotaFull, 413),
    (InvalidInput, 422),
    (ContextWindowExceeded, 422),
    (NotAuthenticated, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooManyRequests, 429),
    (Unavailable, 503),
)
RETRY_SECONDS = 5
HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 422: "invalid_input"}


def status_of(error: KnowledgeBaseError) -> int:
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def error_response(
    request: Request,
    status: int,
    code: str,
    message: str,
    headers: dict[str, str] | None = None,
    param: str | None = None,
) -> JSONResponse:
    """Return the error in the shape of the path's API."""
    if request.url.path.startswith(OPENAI_PATHS):
        status = openai_status(status)
        return JSONResponse(openai_error(status, code, message, param), status, headers)
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def install_error_mapping(app: FastAPI) -> None:
    """Give every error the API's shape."""

    @app.exception_handler(KnowledgeBaseError)
    async def ours(request: Request, error: KnowledgeBaseError) -> JSONResponse:
        status = status_of(error)
        headers: dict[str, str] = {}
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        elif status == 503:
            headers["Retry-After"] = str(RETRY_SECONDS)
        elif isinstance(error, TooManyRequests):
            headers["Retry-After"] = str(error.retry_after_seconds)
        elif status == 500:
            log.error("%s %s: %s", request.method, request.url.path, error.message)
        return error_response(request, status, error.code, error.message, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = error.errors()
        said = "; ".join(_sentence(problem) for problem in problems)
        return error_response(request, 422, InvalidInput.code, said, param=_where(problems[0]) or None)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        # FastAPI's 400 is a body that is not even text; for the sender that is no other case than wrong JSON.
        status = 422 if error.status_code == 400 else error.status_code
        headers = dict(error.headers) if error.headers else None
        return error_response(request, status, HTTP_CODES.get(status, "error"), str(error.detail), headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _error: Exception) -> JSONResponse:
        # The server logs the traceback; the reader gets nothing that could tell about the inside.
        return error_response(request, 500, "internal_error", "Something went wrong here. The server's log says what.")


def _sentence(problem: dict[str, Any]) -> str:
    return f"{_where(problem) or 'body'}: {problem['msg']}"


def _where(problem: dict[str, Any]) -> str:
    return ".".join(str(part) for part in problem["loc"] if part not in ("body", "query", "path"))
