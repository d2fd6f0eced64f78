"""Several endpoints behind one name, each a small server here that speaks the protocol."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, aclosing

import pytest

from inference.gateway import CallUsage, EndpointConfig, EndpointState, Gateway, RoutedModel
from inference.llm import Message, ModelDelta, TokensUsed, Waiting
from inference.thinking import AnswerText
from kb_platform.domain.errors import ModelBusy, ModelUnavailable, TooManyRequests
from tests.integration.api.conftest import free_port, scripted_endpoint
from tests.integration.api.scripted_model import MODEL, Script

QUESTION: list[Message] = [{"role": "user", "content": "How many books?"}]


def config(id_: str, url: str, concurrency: int = 4, priority: int = 0) -> EndpointConfig:
    return EndpointConfig(id_, "r1", url, "", MODEL, 8192, concurrency, priority, timeout_seconds=5)


@pytest.fixture
def scripts() -> tuple[Script, Script]:
    return Script(answer="first"), Script(answer="second")


@pytest.fixture
def urls(scripts: tuple[Script, Script]) -> Iterator[list[str]]:
    with ExitStack() as running:
        yield [running.enter_context(scripted_endpoint(script)) for script in scripts]


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    made = Gateway(queue_length=2, queue_seconds=5)
    yield made
    await made.aclose()


class Used(list[CallUsage]):
    def __call__(self, usage: Callable[[], CallUsage]) -> None:
        self.append(usage())


def model_of(gateway: Gateway, user: str = "ann", used: Used | None = None) -> RoutedModel:
    model = gateway.model("r1", user, Used() if used is None else used)
    assert model is not None
    return model


async def deltas_of(model: RoutedModel) -> list[ModelDelta]:
    async with aclosing(model.stream(QUESTION, 100)) as stream:
        return [delta async for delta in stream]


async def said_by(model: RoutedModel) -> str:
    return "".join(delta.text for delta in await deltas_of(model) if isinstance(delta, AnswerText))


async def test_before_the_first_token_another_endpoint_takes_over(
    gateway: Gateway, scripts: tuple[Script, Script], urls: list[str]
) -> None:
    scripts[0].status = 500
    await gateway.use([config("a", urls[0]), config("b", urls[1], priority=1)])
    assert await said_by(model_of(gateway)) == "second"
    states = {endpoint.config.id: endpoint.state for endpoint in gateway.statuses()[0].endpoints}
    assert states == {"a": EndpointState.DOWN, "b": EndpointState.UP}
    assert await said_by(model_of(gateway)) == "second"
    assert len(scripts[0].requests) == 1, "an endpoint that is down is not asked again for each question"


async def test_after_the_first_token_nothing_is_said_twice(
    gateway: Gateway, scripts: tuple[Script, Script], urls: list[str]
) -> None:
    scripts[0].breaks_off = True
    await gateway.use([config("a", urls[0]), config("b", urls[1], priority=1)])
    with pytest.raises(ModelUnavailable, match="broke off"):
        await deltas_of(model_of(gateway))
    assert scripts[1].requests == []


async def test_a_request_that_is_refused_is_not_tried_elsewhere(
    gateway: Gateway, scripts: tuple[Script, Script], urls: list[str]
) -> None:
    scripts[0].status = 400
    await gateway.use([config("a", urls[0]), config("b", urls[1], priority=1)])
    with pytest.raises(ModelUnavailable, match="scripted failure"):
        await deltas_of(model_of(gateway))
    assert scripts[1].requests == []


async def test_where_all_fail_the_reason_is_the_last_ones(gateway: Gateway) -> None:
    await gateway.use([config(id_, f"http://127.0.0.1:{free_port()}/v1") for id_ in "ab"])
    with pytest.raises(ModelUnavailable, match="can be reached"):
        await deltas_of(model_of(gateway))


async def test_health_is_seen_without_a_question(
    gateway: Gateway, scripts: tuple[Script, Script], urls: list[str]
) -> None:
    await gateway.use([config("a", urls[0]), config("b", f"http://127.0.0.1:{free_port()}/v1")])
    checking = asyncio.create_task(gateway.check_forever(0.05))
    async with asyncio.timeout(5):
        while EndpointState.UNKNOWN in (states := [e.state for e in gateway.statuses()[0].endpoints]):
            await asyncio.sleep(0.02)
    checking.cancel()
    assert states == [EndpointState.UP, EndpointState.DOWN]
    assert await said_by(model_of(gateway)) == "first"


async def test_no_more_generations_than_places_and_who_waits_is_told_where(
    gateway: Gateway, scripts: tuple[Script, Script], urls: list[str]
) -> None:
    scripts[0].pause = 0.05
    await gateway.use([config("a", urls[0], concurrency=1)])
    first = asyncio.create_task(deltas_of(model_of(gateway, "ann")))
    async with asyncio.timeout(5):
        while not scripts[0].requests:
            await asyncio.sleep(0.01)
    waiting = [asyncio.create_task(deltas_of(model_of(gateway, user))) for user in ("bob", "eve")]
    await asyncio.sleep(0.05)
    assert len(scripts[0].requests) == 1
    with pytest.raises(TooManyRequests):
        model_of(gateway, "joe").refuse_when_full()
    assert Waiting(1) not in await first
    second, third = await asyncio.gather(*waiting)
    assert second[0] == Waiting(1)
    assert third[:2] == [Waiting(2), Waiting(1)]
    assert gateway.statuses()[0].endpoints[0].running == 0


async def test_the_wait_for_a_place_ends(scripts: tuple[Script, Script], urls: list[str]) -> None:
    gateway = Gateway(queue_length=2, queue_seconds=0.2)
    scripts[0].endless, scripts[0].pause = True, 0.02
    await gateway.use([config("a", urls[0], concurrency=1)])
    first = asyncio.create_task(deltas_of(model_of(gateway, "ann")))
    await asyncio.sleep(0.05)
    with pytest.raises(ModelBusy):
        await deltas_of(model_of(gateway, "bob"))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await gateway.aclose()


async def test_who_goes_away_frees_the_place_and_ends_the_generation(
    gateway: Gateway, scripts: tuple[Script, Script], urls: list[str]
) -> None:
    scripts[0].endless, scripts[0].pause = True, 0.02
    await gateway.use([config("a", urls[0], concurrency=1)])
    used = Used()
    reading = asyncio.create_task(deltas_of(model_of(gateway, "ann", used)))
    waiting = asyncio.create_task(deltas_of(model_of(gateway, "bob")))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    for task in (waiting, reading):
        task.cancel()
    await asyncio.gather(reading, waiting, return_exceptions=True)
    assert await asyncio.to_thread(scripts[0].hung_up.wait, 2)
    assert time.monotonic() - began < 2
    assert gateway.statuses()[0].endpoints[0].running == 0
    assert gateway.statuses()[0].waiting == 0
    (call,) = used
    assert call.tokens.is_counted_here
    assert call.tokens.completion > call.tokens.reasoning > 0
    assert len(scripts[0].requests) == 1


async def test_what_a_call_took_is_told_and_counted_where_the_endpoint_does_not_say(
    gateway: Gateway, scripts: tuple[Script, Script], urls: list[str]
) -> None:
    await gateway.use([config("a", urls[0])])
    used = Used()
    await deltas_of(model_of(gateway, used=used))
    scripts[0].usage = None
    counted = [delta for delta in await deltas_of(model_of(gateway, used=used)) if isinstance(delta, TokensUsed)]
    told, here = used
    assert (told.tokens.prompt, told.tokens.completion, told.tokens.is_counted_here) == (100, 20, False)
    assert 0 < told.tokens.reasoning < 20
    assert counted == [here.tokens]
    assert here.tokens.is_counted_here
    assert 0 < here.tokens.prompt < 100


async def test_a_disconnected_model_is_gone_and_a_changed_one_begins_anew(gateway: Gateway, urls: list[str]) -> None:
    await gateway.use([config("a", urls[0])])
    model = model_of(gateway)
    before = gateway.statuses()[0].endpoints[0]
    await gateway.use([config("a", urls[0])])
    assert gateway.statuses()[0].endpoints[0] is before
    await gateway.use([config("a", urls[0], concurrency=9)])
    assert gateway.statuses()[0].endpoints[0] is not before
    await gateway.use([])
    assert gateway.model("r1", "ann", Used()) is None
    with pytest.raises(ModelUnavailable, match="disconnected"):
        await deltas_of(model)


async def test_name_and_window_are_asked_of_the_endpoint_where_they_are_not_given(
    gateway: Gateway, urls: list[str]
) -> None:
    await gateway.use([EndpointConfig("a", "r1", urls[0], "", "", 0, 4)])
    assert gateway.statuses()[0].endpoints[0].model.name == MODEL
    assert model_of(gateway).context_window == 16384


async def test_a_server_that_does_not_heed_the_bound_of_a_short_text_is_stopped(
    gateway: Gateway, scripts: tuple[Script, Script], urls: list[str]
) -> None:
    scripts[0].endless, scripts[0].pause = True, 0.01
    await gateway.use([config("a", urls[0])])
    async with asyncio.timeout(5):
        written = await model_of(gateway).complete(QUESTION, 8)
    assert written.startswith("first")
    assert await asyncio.to_thread(scripts[0].hung_up.wait, 2)
