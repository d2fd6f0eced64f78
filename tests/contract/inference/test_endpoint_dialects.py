"""What OpenAI-compatible servers send differently, spoken by a small server here: the edge of our world."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from inference.endpoint_model import EndpointModel
from inference.llm import Finished, ModelDelta, TokensUsed
from inference.probing import probe_endpoint
from inference.thinking import AnswerText, ReasoningText
from kb_platform.domain.errors import ContextWindowExceeded, KnowledgeBaseError, ModelUnavailable

QUESTION: list[Any] = [{"role": "user", "content": "?"}]


class Endpoint:
    """An endpoint that says what a test tells it to. Its model is `m`."""

    def __init__(self) -> None:
        self.deltas: list[dict[str, Any]] = []
        self.usage: dict[str, Any] = {}
        self.finish_reason = "stop"
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.delay = 0.0
        self.error = ""
        self.sent = 0
        self.closed_early = threading.Event()
        self.requests: list[dict[str, Any]] = []
        self.callers: set[int] = set()
        """Ports that requests came from: one for each connection."""
        self.url = ""

    async def chat(self, request: Request) -> Response:
        self.requests.append(await request.json())
        assert request.client
        self.callers.add(request.client.port)
        if self.refusal:
            return JSONResponse(self.refusal[1], status_code=self.refusal[0])
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[str]:
        try:
            for delta in self.deltas:
                await asyncio.sleep(self.delay)
                yield self._chunk([{"index": 0, "delta": delta, "finish_reason": None}])
                self.sent += 1
            if self.error:
                yield f"data: {json.dumps({'error': {'message': self.error, 'code': 500}})}\n\n"
                return
            yield self._chunk([{"index": 0, "delta": {}, "finish_reason": self.finish_reason}])
            if self.usage:
                yield self._chunk([], self.usage)
            yield "data: [DONE]\n\n"
        except asyncio.CancelledError:
            self.closed_early.set()
            raise

    @staticmethod
    def _chunk(choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> str:
        chunk = {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": choices,
            "usage": usage,
        }
        return f"data: {json.dumps(chunk)}\n\n"

    async def models(self, request: Request) -> Response:
        if request.headers.get("authorization") not in ("Bearer right", "Bearer none"):
            return JSONResponse({"error": {"message": "Incorrect API key"}}, status_code=401)
        return JSONResponse({"object": "list", "data": [{"id": "m", "object": "model", "max_model_len": 5000}]})


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    told = Endpoint()
    app = Starlette(
        routes=[Route("/v1/chat/completions", told.chat, methods=["POST"]), Route("/v1/models", told.models)]
    )
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        told.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield told
        server.should_exit = True
        thread.join()


async def deltas_of(endpoint: Endpoint, name: str = "m", **options: Any) -> list[ModelDelta]:
    model = EndpointModel(endpoint.url, name=name, **options)
    try:
        async with aclosing(model.stream(QUESTION, 100)) as stream:
            return [delta async for delta in stream]
    finally:
        await model.aclose()


def texts(deltas: list[ModelDelta]) -> tuple[str, str]:
    return (
        "".join(delta.text for delta in deltas if isinstance(delta, ReasoningText)),
        "".join(delta.text for delta in deltas if isinstance(delta, AnswerText)),
    )


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_reasoning_in_either_field_is_read_from_the_first_delta_on(endpoint: Endpoint, field: str) -> None:
    endpoint.deltas = [{"content": None, field: "I "}, {field: "think."}, {"content": "Yes"}, {"content": "."}]
    assert texts(await deltas_of(endpoint)) == ("I think.", "Yes.")


async def test_reasoning_in_the_text_is_told_apart(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"content": "<thi"}, {"content": "nk>I think.</th"}, {"content": "ink>\n\nYes."}]
    assert texts(await deltas_of(endpoint)) == ("I think.", "Yes.")


async def test_a_model_known_to_open_its_thought_in_the_template_is_read_so(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"content": "I think.</think>"}, {"content": "Yes."}]
    assert texts(await deltas_of(endpoint, "deepseek-r1:7b")) == ("I think.", "Yes.")


async def test_such_a_model_behind_a_server_that_parses_loses_nothing(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"reasoning_content": "I think."}, {"content": "Yes."}]
    assert texts(await deltas_of(endpoint, "deepseek-reasoner")) == ("I think.", "Yes.")


async def test_such_a_model_that_answers_without_a_thought_has_answered(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"content": "Yes."}]
    assert texts(await deltas_of(endpoint, "deepseek-r1:7b"))[1] == "Yes."


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens_details": {"cached_tokens": 6}, "completion_tokens_details": {"reasoning_tokens": 2}},
        {"prompt_cache_hit_tokens": 6, "completion_tokens_details": {"reasoning_tokens": 2}},
    ],
)
async def test_usage_is_read_with_its_cached_tokens(endpoint: Endpoint, usage: dict[str, Any]) -> None:
    endpoint.deltas = [{"content": "Yes."}]
    endpoint.usage = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14} | usage
    deltas = await deltas_of(endpoint)
    assert deltas[-2:] == [TokensUsed(10, 6, 2, 4), Finished("stop")]


async def test_closing_the_stream_closes_the_connection(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"content": "word "}] * 500
    endpoint.delay = 0.02
    model = EndpointModel(endpoint.url, name="m")
    async with aclosing(model.stream(QUESTION, 100)) as stream:
        async for _ in stream:
            break
    assert await asyncio.to_thread(endpoint.closed_early.wait, 2), "the server was told within 2 s"
    assert endpoint.sent < 100
    await model.aclose()


async def test_the_next_question_goes_over_the_same_connection(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"content": "Yes."}]
    model = EndpointModel(endpoint.url, name="m")
    for _ in range(3):
        async with aclosing(model.stream(QUESTION, 100)) as stream:
            assert texts([delta async for delta in stream]) == ("", "Yes.")
    await model.aclose()
    assert len(endpoint.callers) == 1


async def test_an_error_inside_a_stream_is_said(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"content": "Yes."}]
    endpoint.error = "CUDA out of memory"
    with pytest.raises(ModelUnavailable, match="CUDA out of memory"):
        await deltas_of(endpoint)


async def test_a_cancelled_task_closes_the_connection(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"content": "word "}] * 500
    endpoint.delay = 0.02
    reading = asyncio.create_task(deltas_of(endpoint))
    while endpoint.sent < 3:
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await asyncio.to_thread(endpoint.closed_early.wait, 2)


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (401, "Incorrect API key", "API key"),
        (404, "The model `m` does not exist.", "does not know the model “m”"),
        (400, "This model's maximum context length is 4096 tokens.", "context window"),
        (429, "Rate limit reached", "too many requests"),
        (402, "Insufficient Balance", "no credit"),
        (503, "Loading model", "overloaded or starting"),
        (500, "CUDA error", "CUDA error"),
    ],
)
async def test_what_went_wrong_is_said_so_that_a_person_can_act(
    endpoint: Endpoint, status: int, message: str, said: str
) -> None:
    endpoint.refusal = (status, {"error": {"message": message}})
    with pytest.raises(KnowledgeBaseError, match=said) as raised:
        await deltas_of(endpoint)
    assert isinstance(raised.value, ContextWindowExceeded if "context" in said else ModelUnavailable)


async def test_a_silent_endpoint_is_given_up(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"content": "late"}]
    endpoint.delay = 5.0
    with pytest.raises(ModelUnavailable, match=r"in time|broke off"):
        await deltas_of(endpoint, timeout_seconds=0.5)


async def test_only_a_vllm_is_sent_what_other_servers_refuse(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"content": "Yes."}]
    await deltas_of(endpoint)
    assert "chat_template_kwargs" not in endpoint.requests[0]


async def test_probing_says_what_is_offered_and_what_is_wrong(endpoint: Endpoint) -> None:
    (offer,) = await probe_endpoint(endpoint.url.removesuffix("/v1"), "right")
    assert (offer.name, offer.context_window) == ("m", 5000)
    with pytest.raises(ModelUnavailable, match="API key"):
        await probe_endpoint(endpoint.url, "wrong")
    with pytest.raises(ModelUnavailable, match="address"):
        await probe_endpoint("http://[nowhere", "")


async def test_the_same_endpoint_serves_a_llama_index_program(endpoint: Endpoint) -> None:
    endpoint.deltas = [{"content": "Yes"}, {"content": "."}]
    from llama_index.core.llms import ChatMessage

    llm = EndpointModel(endpoint.url, name="m", context_window=5000).as_llama_index()
    said = [part.delta async for part in await llm.astream_chat([ChatMessage(role="user", content="?")])]
    assert "".join(text or "" for text in said) == "Yes."
    assert llm.metadata.context_window == 5000
