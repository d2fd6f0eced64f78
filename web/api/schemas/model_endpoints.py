"""Model endpoints, as an administrator connects them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from web.api.schemas.common import Received, Sent
from web.api.schemas.people import SubjectRequest, SubjectView

MOST_PLACES = 10_000
MOST_PRICE = 1_000_000


class ModelEndpointRequest(Received):
    base_url: str = Field(
        min_length=1,
        max_length=1024,
        description="OpenAI-compatible, ends in /v1.",
        examples=["http://127.0.0.1:8000/v1"],
    )
    api_key: str = Field("", max_length=4096)
    model: str = Field("", max_length=255, description="Model's name there; empty: the first that is listed.")
    name: str = Field(
        "",
        max_length=255,
        description="What people choose; empty: the model's name. Endpoints of one name stand in for each other.",
    )
    priority: int = Field(
        0, ge=0, le=1000, description="Among endpoints of one name the lowest is asked first; higher ones stand in."
    )
    concurrency: int = Field(0, ge=0, le=MOST_PLACES, description="Generations at a time; 0: the setting's.")
    price_cache_hit: float = Field(0, ge=0, le=MOST_PRICE, description="Of a million prompt tokens from the cache.")
    price_cache_miss: float = Field(0, ge=0, le=MOST_PRICE, description="Of a million other prompt tokens.")
    price_output: float = Field(0, ge=0, le=MOST_PRICE, description="Of a million tokens of reasoning and answer.")


class ModelEndpointChange(Received):
    """What is given changes."""

    name: str | None = Field(None, min_length=1, max_length=255)
    is_enabled: bool | None = None
    is_default: bool | None = Field(None, description="True: its name answers where nobody chooses another.")
    priority: int | None = Field(None, ge=0, le=1000)
    concurrency: int | None = Field(None, ge=0, le=MOST_PLACES)
    price_cache_hit: float | None = Field(None, ge=0, le=MOST_PRICE)
    price_cache_miss: float | None = Field(None, ge=0, le=MOST_PRICE)
    price_output: float | None = Field(None, ge=0, le=MOST_PRICE)
    subjects: list[SubjectRequest] | None = Field(
        None, max_length=500, description="The departments and groups that it answers; none named: everybody."
    )


class EndpointHealth(Sent):
    """As this web process sees the endpoint."""

    state: str = Field(json_schema_extra={"enum": ["unknown", "up", "down"]})
    error: str = Field(description="Why it is down.")
    running: int = Field(description="Generations now.")
    waiting: int = Field(description="Questions that wait for a place at this model.")


class ModelEndpoint(Sent):
    id: str
    name: str
    base_url: str
    model: str
    context_window: int = Field(description="In tokens; 0 where the endpoint does not say.")
    is_enabled: bool
    is_answering: bool = Field(description="Its name answers where nobody chooses another.")
    priority: int
    concurrency: int
    price_cache_hit: float
    price_cache_miss: float
    price_output: float
    subjects: list[SubjectView] = Field(
        description="The departments and groups that it answers; none named: everybody. All endpoints of a name have "
        "to admit a caller."
    )
    health: EndpointHealth
    created_at: datetime


class ModelEndpointList(Sent):
    model_endpoints: list[ModelEndpoint]
    configured_by_settings: bool = Field(
        description="KB_MODEL__BASE_URL is set: it answers where nobody chooses another."
    )
    currency: str = Field(description="Of all prices.")
