"""Endpoints are looked after whatever one of them does."""

from __future__ import annotations

import asyncio

import pytest

from inference.gateway import EndpointConfig, Gateway
from inference.gateway.endpoint import Endpoint


async def test_what_nobody_foresaw_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    async def check(_endpoint: Endpoint, _timeout_seconds: float) -> None:
        nonlocal looks
        looks += 1
        raise RuntimeError("an answer of a kind that nobody thought of")

    gateway = Gateway(queue_length=1, queue_seconds=1)
    config = EndpointConfig("a", "model", "http://127.0.0.1:9/v1", "", "model", 1024, 1)
    await gateway.use([config])
    monkeypatch.setattr(Endpoint, "check", check)
    looking = asyncio.create_task(gateway.check_forever(0.01))
    async with asyncio.timeout(10):
        while looks < 3:
            await asyncio.sleep(0.01)
    assert not looking.done()
    looking.cancel()
    await gateway.aclose()
