"""One endpoint: how it is reached, how many generations it takes at a time, and how it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from inference.endpoint_model import EndpointModel
from kb_platform.domain.errors import ModelUnavailable


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """What an endpoint is made from.

    `name` is what people choose; endpoints of one name stand in for each other, those of lower `priority` first.
    An empty `model` or a `context_window` of 0 is asked of the endpoint. `concurrency` is generations at a time;
    prices are per million tokens.
    """

    id: str
    name: str
    base_url: str
    api_key: str
    model: str
    context_window: int
    concurrency: int
    priority: int = 0
    price_cache_hit: float = 0.0
    price_cache_miss: float = 0.0
    price_output: float = 0.0
    temperature: float = 0.6
    timeout_seconds: float = 120.0


class EndpointState(StrEnum):
    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


class Endpoint:
    """A connection pool to one endpoint, with its places. Belongs to one event loop."""

    def __init__(self, config: EndpointConfig) -> None:
        self.config = config
        self.model = EndpointModel(
            config.base_url,
            config.api_key,
            config.model,
            config.context_window,
            config.temperature,
            config.timeout_seconds,
        )
        self.running = 0
        self.state = EndpointState.UNKNOWN
        self.last_error = ""
        self.checked_at = 0.0
        """In seconds since the epoch; 0: never."""

    @property
    def has_place(self) -> bool:
        return self.running < self.config.concurrency

    def is_well(self) -> None:
        self.state, self.last_error, self.checked_at = EndpointState.UP, "", time.time()

    def has_failed(self, error: ModelUnavailable) -> None:
        self.state, self.last_error, self.checked_at = EndpointState.DOWN, error.message, time.time()

    async def check(self, timeout_seconds: float) -> None:
        """Ask the endpoint what it serves, and keep what it says of itself."""
        try:
            offers = await self.model.offers(timeout_seconds)
            wanted = self.config.model
            offer = next((offer for offer in offers if not wanted or offer.name == wanted), None)
            if offer is None:
                raise ModelUnavailable(
                    f"The endpoint {self.model.base_url} does not serve the model “{wanted}” any more."
                )
        except ModelUnavailable as error:
            self.has_failed(error)
            return
        self.model.learn(offer.name, self.config.context_window or offer.context_window, offer.is_vllm)
        self.is_well()
