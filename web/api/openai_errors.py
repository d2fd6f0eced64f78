"""Errors as OpenAI's clients expect them: `{"error": {"message", "type", "param", "code"}}`."""

from __future__ import annotations

from typing import Any

from kb_platform.domain.errors import KnowledgeBaseError, TooManyRequests

PATHS = "/v1/"
RETRY_SECONDS = 5

TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
CODES = {"not_authenticated": "invalid_api_key", "context_window_exceeded": "context_length_exceeded"}


def openai_status(status: int) -> int:
    """Return OpenAI's status for ours: they know no 422, and a prompt that is too long is a bad request too."""
    return 400 if status == 422 else status


def openai_error(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """Return the body. `status` is the response's."""
    kind = TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": CODES.get(code, code)}}


def error_named(code: str, message: str) -> KnowledgeBaseError:
    """Return the error that an answer's last event names; KnowledgeBaseError where it is not one of the tree."""
    if code == TooManyRequests.code:
        return TooManyRequests(message, RETRY_SECONDS)
    known = [KnowledgeBaseError]
    for error in known:
        if error.code == code and error is not KnowledgeBaseError:
            return error(message)
        known.extend(error.__subclasses__())
    return KnowledgeBaseError(message)
