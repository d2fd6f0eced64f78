"""A model that tells every canary it was shown, and remembers them: what it was never given, nobody hears from it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from benchmarks.served_app import wait_for
from benchmarks.servers import free_port

NAME = "parrot"
CANARY = re.compile(r"kanarie[0-9a-f]{10}")


@dataclass
class Parrot:
    """`shown` are the canaries that stood in prompts since it was last emptied."""

    url: str
    shown: set[str] = field(default_factory=set)


@contextmanager
def running_parrot() -> Iterator[Parrot]:
    """Serve the model in a thread of this process."""
    port = free_port()
    parrot = Parrot(f"http://127.0.0.1:{port}/v1")
    server = uvicorn.Server(uvicorn.Config(_app(parrot), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(f"{parrot.url}/models")
    try:
        yield parrot
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def _app(parrot: Parrot) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/models")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": NAME, "object": "model", "max_model_len": 32_768}]}

    @app.post("/v1/chat/completions")
    async def complete(body: dict[str, Any]) -> Any:
        shown = CANARY.findall("\n".join(str(message.get("content", "")) for message in body["messages"]))
        parrot.shown.update(shown)
        said = f"I was shown {' and '.join(dict.fromkeys(shown)) or 'nothing'} [1]."
        if body.get("stream"):
            return StreamingResponse(_pieces(said), media_type="text/event-stream")
        message = {"role": "assistant", "content": said}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return {"id": "1", "object": "chat.completion", "model": NAME, "choices": [choice]}

    return app


async def _pieces(said: str) -> AsyncIterator[str]:
    for word in re.findall(r"\s*\S+", said):
        yield _chunk({"content": word})
    yield _chunk({}, "stop")
    yield "data: [DONE]\n\n"


def _chunk(delta: dict[str, str], finish_reason: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return f"data: {json.dumps({'id': '1', 'object': 'chat.completion.chunk', 'model': NAME, 'choices': [choice]})}\n\n"
