"""What went wrong at a model endpoint, as a sentence that a person can act on."""

from __future__ import annotations

import re

import openai

from kb_platform.domain.errors import ContextWindowExceeded, KnowledgeBaseError, ModelUnavailable
from kb_platform.redaction import Redactor


class RequestRefused(ModelUnavailable):
    """The endpoint answers, but not this request: another one of the same model would not either."""


class EndpointBusy(ModelUnavailable):
    """The endpoint has too many requests now; it is not broken."""


def failure(error: openai.OpenAIError, base_url: str, model: str) -> KnowledgeBaseError:
    """Return what to raise for it: ContextWindowExceeded, RequestRefused, EndpointBusy or ModelUnavailable."""
    message = explain(error, base_url, model)
    if isinstance(error, openai.APIStatusError):
        if error.status_code not in (401, 403) and _is_context_error(_detail(error)):
            return ContextWindowExceeded(message)
        if error.status_code in (400, 413, 422):
            return RequestRefused(message)
        if error.status_code == 429:
            return EndpointBusy(message)
    return ModelUnavailable(message)


def explain(error: openai.OpenAIError, base_url: str, model: str) -> str:
    """Return what went wrong at the endpoint and what to do about it."""
    if isinstance(error, openai.APITimeoutError):
        return f"The model endpoint {base_url} did not answer in time. It may be overloaded or still loading the model."
    if isinstance(error, openai.APIConnectionError):
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        return _hide_secrets(
            f"No model endpoint can be reached at {base_url}{cause}. Check the address and whether the server runs."
        )
    if not isinstance(error, openai.APIStatusError):
        return _hide_secrets(f"The model endpoint {base_url} answered in a way that cannot be used: {error}")
    detail = _detail(error)
    if error.status_code in (401, 403):
        return f"The model endpoint {base_url} refused the API key (HTTP {error.status_code}). Check the key."
    if _is_context_error(detail):
        return f"The question with its passages is longer than the context window of {model}: {detail}"
    if error.status_code == 404:
        missing = f"does not know the model “{model}”" if model and "model" in detail.lower() else "has no such path"
        return f"{base_url} {missing} (HTTP 404). Check the model's name and that the address ends in /v1."
    if error.status_code == 402:
        return f"The account at {base_url} has no credit left (HTTP 402)."
    if error.status_code == 429:
        return f"The model endpoint {base_url} has too many requests now (HTTP 429). Try again in a moment."
    if error.status_code in (502, 503, 504):
        return (
            f"The model endpoint {base_url} is overloaded or starting (HTTP {error.status_code}). "
            "Try again in a moment."
        )
    return f"The model endpoint {base_url} failed (HTTP {error.status_code}): {detail}"


_hide_secrets = Redactor()
"""Some servers repeat the request's headers in their errors, and with them our key."""


def _detail(error: openai.APIStatusError) -> str:
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):
            return _hide_secrets(str(inner["message"]))[:300]
    return _hide_secrets(str(error.message))[:300]


def _is_context_error(detail: str) -> bool:
    return bool(re.search(r"context length|context window|maximum.*tokens|too long|max_model_len", detail, re.I))
