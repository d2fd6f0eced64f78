"""What went wrong at a model endpoint, as a sentence that a person can act on."""

from __future__ import annotations

import re

import openai

from inference.completion_stream import BrokenOff, NoConnection, StreamFailed, TooSlow
from kb_platform.domain.errors import ContextWindowExceeded, KnowledgeBaseError, ModelUnavailable
from kb_platform.redaction import Redactor


class RequestRefused(ModelUnavailable):
    """The endpoint answers, but not this request: another one of the same model would not either."""


class EndpointBusy(ModelUnavailable):
    """The endpoint has too many requests now; it is not broken."""


def failure(error: openai.OpenAIError | StreamFailed, base_url: str, model: str) -> KnowledgeBaseError:
    """Return what to raise for it: ContextWindowExceeded, RequestRefused, EndpointBusy or ModelUnavailable, with what
    went wrong at the endpoint and what to do about it."""
    match error:
        case openai.APIStatusError():
            return _refused(error.status_code, _detail(error.body, error.message), base_url, model)
        case StreamFailed() if error.status:
            return _refused(error.status, _detail(error.body, str(error)), base_url, model)
        case openai.APITimeoutError() | TooSlow():
            return ModelUnavailable(
                f"The model endpoint {base_url} did not answer in time. It may be overloaded or still loading the "
                "model."
            )
        case openai.APIConnectionError() | NoConnection():
            cause = error.__cause__ or (error if isinstance(error, NoConnection) else None)
            why = f" ({cause})" if cause else ""
            return ModelUnavailable(
                _hide_secrets(
                    f"No model endpoint can be reached at {base_url}{why}. Check the address and whether the server "
                    "runs."
                )
            )
        case BrokenOff() if error.body is None:
            return ModelUnavailable(f"The model endpoint {base_url} broke off in the middle of an answer ({error}).")
        case _:
            return ModelUnavailable(
                _hide_secrets(f"The model endpoint {base_url} answered in a way that cannot be used: {error}")
            )


def _refused(status: int, detail: str, base_url: str, model: str) -> KnowledgeBaseError:
    if status in (401, 403):
        return ModelUnavailable(f"The model endpoint {base_url} refused the API key (HTTP {status}). Check the key.")
    if _is_context_error(detail):
        return ContextWindowExceeded(
            f"The question with its passages is longer than the context window of {model}: {detail}"
        )
    if status in (400, 413, 422):
        return RequestRefused(f"The model endpoint {base_url} failed (HTTP {status}): {detail}")
    if status == 404:
        missing = f"does not know the model “{model}”" if model and "model" in detail.lower() else "has no such path"
        return ModelUnavailable(
            f"{base_url} {missing} (HTTP 404). Check the model's name and that the address ends in /v1."
        )
    if status == 402:
        return ModelUnavailable(f"The account at {base_url} has no credit left (HTTP 402).")
    if status == 429:
        return EndpointBusy(
            f"The model endpoint {base_url} has too many requests now (HTTP 429). Try again in a moment."
        )
    if status in (502, 503, 504):
        return ModelUnavailable(
            f"The model endpoint {base_url} is overloaded or starting (HTTP {status}). Try again in a moment."
        )
    return ModelUnavailable(f"The model endpoint {base_url} failed (HTTP {status}): {detail}")


_hide_secrets = Redactor()
"""Some servers repeat the request's headers in their errors, and with them our key."""


def _detail(body: object, otherwise: str) -> str:
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):
            return _hide_secrets(str(inner["message"]))[:300]
    return _hide_secrets(body if isinstance(body, str) and body.strip() else otherwise)[:300]


def _is_context_error(detail: str) -> bool:
    return bool(re.search(r"context length|context window|maximum.*tokens|too long|max_model_len", detail, re.I))
