"""An OpenAI-compatible endpoint that says what a test wants, as slowly as it wants, and notices hanging up."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

MODEL = "scripted-r1"


@dataclass
class Script:
    """What the model does next, and what was asked of it."""

    answer: str = "申请转专业的平均绩点不得低于3.2[1]。"
    pause: float = 0.0
    """Seconds between two pieces."""
    endless: bool = False
    status: int = 200
    breaks_off: bool = False
    """Ends the connection in the middle of the answer."""
    name: str = MODEL
    window: int = 16_384
    usage: dict[str, Any] | None = field(
        default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    )
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)


def scripted_app(script: Script) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/models")
    def models(request: Request) -> Response:
        script.authorizations.append(request.headers.get("authorization", ""))
        return JSONResponse(
            {"object": "list", "data": [{"id": script.name, "object": "model", "max_model_len": script.window}]}
        )

    @app.post("/v1/chat/completions")
    async def complete(body: dict[str, Any]) -> Response:
        script.requests.append(body)
        if script.status != 200:
            return JSONResponse({"error": {"message": "scripted failure"}}, script.status)
        if not body.get("stream"):
            message = {"role": "assistant", "content": body["messages"][-1]["content"]}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return JSONResponse({"id": "1", "object": "chat.completion", "model": MODEL, "choices": [choice]})
        return StreamingResponse(_pieces(script), media_type="text/event-stream")

    return app


async def _pieces(script: Script) -> AsyncIterator[str]:
    try:
        yield _chunk({"role": "assistant", "reasoning_content": "先查规定。"})
        for character in script.answer:
            await asyncio.sleep(script.pause)
            yield _chunk({"content": character})
            if script.breaks_off:
                raise ConnectionResetError("as the test wants it")
        while script.endless:
            await asyncio.sleep(script.pause)
            yield _chunk({"content": "再"})
        yield _chunk({}, "stop")
        if script.usage:
            body = {"id": "1", "object": "chat.completion.chunk", "model": MODEL, "choices": []}
            yield _data({**body, "usage": script.usage})
        yield "data: [DONE]\n\n"
    except (asyncio.CancelledError, GeneratorExit):
        script.hung_up.set()
        raise


def _chunk(delta: dict[str, str], finish_reason: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return _data({"id": "1", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice]})


def _data(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body)}\n\n"
