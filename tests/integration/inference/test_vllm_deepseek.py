"""`kb model serve` starts a real vLLM (CPU build) with a model of DeepSeek-V3's architecture, made here with random
weights, and our gateway talks to it. What the model says means nothing; that it arrives as it should, does.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from inference.gateway import CallUsage, EndpointConfig, Gateway, RoutedModel
from inference.llm import Message, TokensUsed, Waiting
from inference.thinking import ReasoningText
from inference.token_counts import counter_for
from tests.vllm_server import REPOSITORY, CannotInstall, install_vllm

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]
QUESTION: list[Message] = [{"role": "user", "content": "How many books may a student borrow?"}]
NAME = "random-deepseek-r1"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that `kb model serve --wait` says is ready."""
    try:
        python = install_vllm()
    except CannotInstall as reason:
        pytest.skip(f"vLLM's CPU build cannot be used here: {reason}")
    folder = tmp_path_factory.mktemp("deepseek")
    subprocess.run([python, REPOSITORY / "tests" / "deepseek_checkpoint.py", folder], check=True, timeout=600)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "vllm.log"
    command = [sys.executable, "-m", "inference.serving", str(folder), "--wait", "--vllm", str(python.parent / "vllm")]
    own = ["--context", "2048", "--port", str(port), "--served-model-name", NAME]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, *own],
            cwd=REPOSITORY,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _ready(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + 900
    while time.monotonic() < until:
        said = log.read_text(errors="replace")
        if "Ready after" in said:
            return next(line.rsplit("=", 1)[1] for line in said.splitlines() if line.startswith("Ready after"))
        assert process.poll() is None, said[-3000:]
        time.sleep(0.5)
    raise AssertionError(log.read_text(errors="replace")[-3000:])


@pytest.fixture
async def gateway(url: str) -> AsyncIterator[Gateway]:
    made = Gateway(queue_length=4, queue_seconds=300)
    await made.use([EndpointConfig("a", "r1", url, "", "", 0, concurrency=1, timeout_seconds=300)])
    yield made
    await made.aclose()


class Used(list[CallUsage]):
    def __call__(self, usage: Callable[[], CallUsage]) -> None:
        self.append(usage())


def model_of(gateway: Gateway, user: str, used: Used | None = None) -> RoutedModel:
    model = gateway.model("r1", user, Used() if used is None else used)
    assert model is not None
    return model


def running(url: str) -> float:
    metrics = httpx.get(url.removesuffix("/v1") + "/metrics", timeout=30).text
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in metrics.splitlines()
        if line.startswith(("vllm:num_requests_running{", "vllm:num_requests_waiting{"))
    )


async def test_it_streams_its_reasoning_apart_and_counts_as_we_do(gateway: Gateway) -> None:
    used = Used()
    model = model_of(gateway, "ann", used)
    assert model.context_window == 2048, "as the server says"
    assert await model.always_thinks(), "its template opens <think>"
    async with aclosing(model.stream(QUESTION, 24)) as stream:
        deltas = [delta async for delta in stream]
    assert len([delta for delta in deltas if isinstance(delta, ReasoningText)]) > 1
    told = next(delta for delta in deltas if isinstance(delta, TokensUsed))
    assert not told.is_counted_here
    assert told.prompt == await counter_for(model)(QUESTION)
    assert [call.tokens.completion for call in used] == [told.completion]


async def test_who_goes_away_ends_the_generation_within_two_seconds(gateway: Gateway, url: str) -> None:
    async with aclosing(model_of(gateway, "ann").stream(QUESTION, 1900)) as stream:
        async for delta in stream:
            if isinstance(delta, ReasoningText):
                break
    left = time.monotonic()
    while await asyncio.to_thread(running, url):
        assert time.monotonic() - left < 2
        await asyncio.sleep(0.05)


async def test_who_finds_the_place_taken_waits_for_it_and_then_gets_it(gateway: Gateway) -> None:
    async def ask(user: str) -> list[object]:
        async with aclosing(model_of(gateway, user).stream(QUESTION, 16)) as stream:
            return [delta async for delta in stream]

    first, second, third = await asyncio.gather(ask("ann"), ask("bob"), ask("eve"))
    assert not any(isinstance(delta, Waiting) for delta in first)
    assert second[0] == Waiting(1)
    assert third[:2] == [Waiting(2), Waiting(1)]
    assert all(any(isinstance(delta, ReasoningText) for delta in one) for one in (first, second, third))
