"""All models of a process: which there are, how their endpoints are, and who gets which.

Places and queues are this process's own: with several API processes, an endpoint is given the sum of their limits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from inference.gateway.endpoint import Endpoint, EndpointConfig
from inference.gateway.queue import FairQueue
from inference.gateway.routed import OnUse, RoutedModel

log = logging.getLogger(__name__)

CHECK_SECONDS = 5.0
"""Longest wait for a health check's answer."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model that can be chosen, with its endpoints, and how many questions wait for a place."""

    name: str
    endpoints: tuple[Endpoint, ...]
    waiting: int


class Gateway:
    """Belongs to one event loop. `queue_length` bounds who waits for each model, `queue_seconds` for how long."""

    def __init__(self, queue_length: int, queue_seconds: float) -> None:
        self._queue_length = queue_length
        self._queue_seconds = queue_seconds
        self._endpoints: dict[str, Endpoint] = {}
        self._dropped: list[Endpoint] = []
        self._queues: dict[str, FairQueue] = {}

    async def use(self, configs: Sequence[EndpointConfig]) -> None:
        """Serve exactly these endpoints from now on, in this order. A changed one begins anew; what is being answered
        goes on."""
        wanted = {config.id: config for config in configs}
        current = {id_: endpoint for id_, endpoint in self._endpoints.items() if wanted.get(id_) == endpoint.config}
        added = [Endpoint(config) for config in configs if config.id not in current]
        if not added and list(wanted) == list(self._endpoints):
            return
        # What is dropped here may still be streaming an answer: its connections are closed later.
        self._dropped += [endpoint for id_, endpoint in self._endpoints.items() if id_ not in current]
        endpoints = current | {endpoint.config.id: endpoint for endpoint in added}
        self._endpoints = {config.id: endpoints[config.id] for config in configs}
        for name in {*self._queues, *(config.name for config in configs)}:
            queue = self._queues.setdefault(name, FairQueue(self._queue_length))
            queue.endpoints = [endpoint for endpoint in self._endpoints.values() if endpoint.config.name == name]
            queue.serve()
        await self._check(
            [endpoint for endpoint in added if not (endpoint.config.model and endpoint.config.context_window)]
        )

    def model(self, name: str, user_id: str, on_use: OnUse) -> RoutedModel | None:
        """Return the model for this user, None where no endpoint has this name."""
        queue = self._queues.get(name)
        if queue is None or not queue.endpoints:
            return None
        return RoutedModel(name, queue, user_id, self._queue_seconds, on_use)

    def statuses(self) -> list[ModelStatus]:
        """Return all models, in the order of their endpoints."""
        return [
            ModelStatus(name, tuple(self._queues[name].endpoints), self._queues[name].waiting)
            for name in dict.fromkeys(endpoint.config.name for endpoint in self._endpoints.values())
        ]

    async def check_forever(self, every_seconds: float) -> None:
        """Ask each endpoint again and again how it is: one that is down is left out before a question meets it."""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                await self._check(list(self._endpoints.values()))
                await self._close_dropped()
            except Exception:  # what nobody foresaw of one endpoint must not end the looking after all
                log.exception("Looking after the models' endpoints failed; it is tried again")

    async def aclose(self) -> None:
        for endpoint in (*self._endpoints.values(), *self._dropped):
            await endpoint.model.aclose()

    async def _close_dropped(self) -> None:
        idle = [endpoint for endpoint in self._dropped if not endpoint.running]
        self._dropped = [endpoint for endpoint in self._dropped if endpoint.running]
        for endpoint in idle:
            await endpoint.model.aclose()

    async def _check(self, endpoints: Sequence[Endpoint]) -> None:
        await asyncio.gather(*(endpoint.check(CHECK_SECONDS) for endpoint in endpoints))
        for queue in self._queues.values():
            queue.serve()
