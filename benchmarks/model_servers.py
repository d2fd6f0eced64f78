"""A local model server that speaks OpenAI's protocol, and a bare proxy in front of it, each a process of its own.

    python -m benchmarks.model_servers model --port 9001
    python -m benchmarks.model_servers proxy --port 9002 --to http://127.0.0.1:9001

The model answers at once; sent `(a long prompt)` it reads for 50 ms first; told to write `endless`, it writes on until
its reader goes. `/log` says how many chats it
was asked for and when readers went (time.monotonic, which processes of one machine share).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

NAME = "local-r1"
ENDLESS = "endless"
READING = "(a long prompt)"
READING_SECONDS = 0.05
PIECE_SECONDS = 0.02
START_SECONDS = 30


def model_app() -> FastAPI:
    """Return the model server."""
    app = FastAPI()
    log: dict[str, Any] = {"chats": 0, "left": []}

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": NAME, "object": "model", "max_model_len": 32768}]}

    @app.get("/log")
    async def read_log() -> dict[str, Any]:
        return log

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> StreamingResponse:
        body = await request.json()
        log["chats"] += 1
        if READING in body["messages"][-1]["content"]:
            await asyncio.sleep(READING_SECONDS)
        return StreamingResponse(pieces(ENDLESS in body["messages"][-1]["content"]), media_type="text/event-stream")

    async def pieces(is_endless: bool) -> AsyncIterator[str]:
        try:
            for text in ("Twenty", " books", " [1]", "."):
                yield _chunk([{"index": 0, "delta": {"content": text}, "finish_reason": None}])
            while is_endless:
                await asyncio.sleep(PIECE_SECONDS)
                yield _chunk([{"index": 0, "delta": {"content": " more"}, "finish_reason": None}])
            yield _chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}])
            yield _chunk([], {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24})
            yield "data: [DONE]\n\n"
        except (asyncio.CancelledError, GeneratorExit):
            log["left"].append(time.monotonic())
            raise

    return app


def proxy_app(to: str) -> FastAPI:
    """Return what anybody would write to pass a stream on: FastAPI and httpx."""
    app = FastAPI()
    client = httpx.AsyncClient(base_url=to, timeout=60, trust_env=False)

    @app.post("/v1/chat/completions")
    async def chat(body: dict[str, Any]) -> StreamingResponse:
        request = client.build_request("POST", "/v1/chat/completions", json=body)
        response = await client.send(request, stream=True)

        async def passed_on() -> AsyncIterator[bytes]:
            try:
                async for data in response.aiter_raw():
                    yield data
            finally:
                await response.aclose()

        return StreamingResponse(passed_on(), media_type="text/event-stream")

    @app.get("/v1/models")
    async def ready() -> dict[str, Any]:
        return {}

    return app


@contextmanager
def running(kind: str, *more: str) -> Iterator[str]:
    """Run one of them on a free port; yield its address, without a path."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "benchmarks.model_servers", kind, "--port", str(port), *more]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                httpx.get(f"{url}/v1/models", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def _chunk(choices: list[dict[str, Any]], usage: dict[str, int] | None = None) -> str:
    body = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": NAME, "choices": choices}
    return f"data: {json.dumps({**body, 'usage': usage} if usage else body)}\n\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["model", "proxy"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--to", default="")
    chosen = parser.parse_args()
    app = model_app() if chosen.kind == "model" else proxy_app(chosen.to)
    uvicorn.run(app, host="127.0.0.1", port=chosen.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
