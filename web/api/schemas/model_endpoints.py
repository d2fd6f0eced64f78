"""Model endpoints, as an administrator connects them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from web.api.schemas.common import Received, Sent


class ModelEndpointRequest(Received):
    base_url: str = Field(
        min_length=1,
        max_length=1024,
        description="OpenAI-compatible, ends in /v1.",
        examples=["http://127.0.0.1:8000/v1"],
    )
    api_key: str = Field("", max_length=4096)
    model: str = Field("", max_length=255, description="Model's name there; empty: the first that is listed.")
    name: str = Field("", max_length=255, description="What to call it here; empty: the model's name.")


class ModelEndpoint(Sent):
    id: str
    name: str
    base_url: str
    model: str
    context_window: int = Field(description="In tokens; 0 where the endpoint does not say.")
    is_enabled: bool
    is_answering: bool = Field(description="This is the one that answers now.")
    created_at: datetime


class ModelEndpointList(Sent):
    model_endpoints: list[ModelEndpoint]
    configured_by_settings: bool = Field(description="KB_MODEL__BASE_URL is set: it answers, whatever is listed here.")
