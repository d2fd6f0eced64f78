"""What an OpenAI-compatible endpoint offers: its address made whole, its models listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import openai

from inference.endpoint_errors import failure
from kb_platform.domain.errors import ModelUnavailable

PROBE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A model that an endpoint lists; `context_window` is 0 where the endpoint does not say."""

    name: str
    context_window: int
    is_vllm: bool = False


async def probe_endpoint(base_url: str, api_key: str = "", timeout_seconds: float = PROBE_SECONDS) -> list[ModelOffer]:
    """Return the models that the endpoint lists. Raises ModelUnavailable with what to correct."""
    url = normalise_base_url(base_url)
    async with openai.AsyncOpenAI(base_url=url, api_key=api_key or "none", max_retries=0) as client:
        return await offers_of(client, url, timeout_seconds)


async def offers_of(client: openai.AsyncOpenAI, url: str, timeout_seconds: float) -> list[ModelOffer]:
    """Return the models that the client's endpoint lists, at `url`. Raises ModelUnavailable with what to correct."""
    try:
        page = await client.models.list(timeout=timeout_seconds)
        offers = [_offer(model) for model in page.data or []]
    except openai.OpenAIError as error:
        raise failure(error, url, "") from error
    except (ValueError, AttributeError, TypeError) as error:
        raise ModelUnavailable(f"{url} answers, but not as an OpenAI-compatible endpoint.") from error
    if not offers:
        raise ModelUnavailable(f"{url} answers but lists no model. Is this the address that ends in /v1?")
    return offers


def normalise_base_url(base_url: str) -> str:
    """Return the address up to and including its version (`http://host:8000` → `http://host:8000/v1`)."""
    url = base_url.strip().rstrip("/").removesuffix("/chat/completions").removesuffix("/models")
    if "://" not in url:
        url = f"http://{url}"
    try:
        path = httpx.URL(url).path
    except httpx.InvalidURL as error:
        raise ModelUnavailable(
            f"“{base_url}” is not an address (expected something like http://host:8000/v1)."
        ) from error
    return url if path.strip("/") else f"{url}/v1"


def _offer(model: Any) -> ModelOffer:
    extra = model.model_extra or {}
    window = next(
        (
            extra[key]
            for key in ("max_model_len", "context_length", "context_window")
            if isinstance(extra.get(key), int)
        ),
        0,
    )
    return ModelOffer(model.id, window, is_vllm=getattr(model, "owned_by", "") == "vllm")
