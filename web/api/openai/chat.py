"""Chat completions: an answer's events as OpenAI's clients read them."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import ServerSentEvent

from kb_platform.conversations import citation_record, flag_record, source_record
from kb_platform.domain.answer import (
    AnswerDelta,
    AnswerEvent,
    Done,
    Failed,
    Noticed,
    Queued,
    ReasoningDelta,
    SourcesFound,
    Usage,
    UsageReported,
)
from kb_platform.domain.errors import KnowledgeBaseError
from web.api.dependencies import Caller, ServicesDep
from web.api.errors import status_of
from web.api.events import event_stream
from web.api.hanging_up import unless_hung_up
from web.api.openai.asking import Asked, answer_of
from web.api.openai.schemas import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionChunk,
    ChatRequest,
    Choice,
    ChunkChoice,
    CompletionTokensDetails,
    Delta,
    PromptTokensDetails,
    TokenUsage,
)
from web.api.openai_errors import error_named, openai_error, openai_status
from web.api.schemas.conversations import Citation, Flag, Notice, Source
from web.auditing import write_ahead

router = APIRouter()


@router.post(
    "/chat/completions",
    operation_id="create_chat_completion",
    response_model=ChatCompletion,
    response_class=JSONResponse,
)
async def create_chat_completion(
    body: ChatRequest, request: Request, caller: Caller, services: ServicesDep
) -> Response:
    """Ask a knowledge base (`kb:…`) or a model. With a knowledge base the last message is the question, those before
    it its history, and the answer carries markers `[n]` with `sources` and `citations`; system messages and sampling
    are for models alone. Nothing is kept as a conversation. Hanging up stops the generation."""
    asked = await answer_of(body, caller, services)
    audited = partial(write_ahead, request)
    if not body.stream:
        return JSONResponse((await unless_hung_up(whole_answer(asked), request, audited)).model_dump(mode="json"))
    include_usage = body.stream_options is not None and body.stream_options.include_usage
    answer = _Answer()
    first = await unless_hung_up(_begun(asked, answer), request, audited)
    return event_stream(_lines(asked, answer, first, include_usage))


@dataclass(slots=True)
class _Answer:
    """An answer as its events arrive."""

    reasoning: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    answerer: str = ""
    notices: list[Notice] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    done: Done | None = None

    def take(self, event: AnswerEvent) -> None:
        """Raises what the answer failed with."""
        match event:
            case Noticed():
                self.notices.append(Notice(code=event.code, message=event.message))
            case SourcesFound():
                self.sources = [Source.model_validate(source_record(source)) for source in event.sources]
                self.answerer = event.answerer
            case ReasoningDelta():
                self.reasoning.append(event.text)
            case AnswerDelta():
                self.text.append(event.text)
            case UsageReported():
                self.usage = event.usage
            case Done():
                self.done = event
            case Failed():
                raise error_named(event.code, event.message)


async def whole_answer(asked: Asked) -> ChatCompletion:
    """Return the answer when it is complete. Raises what it failed with."""
    answer = _Answer()
    async with aclosing(asked.events) as events:
        async for event in events:
            answer.take(event)
    done = answer.done
    assert done is not None, "an answer ends with done or error"
    message = AssistantMessage(content=done.answer, reasoning_content="".join(answer.reasoning) or None)
    return ChatCompletion(
        id=_new_id(),
        created=int(time.time()),
        model=asked.model,
        choices=[Choice(message=message, finish_reason=_finish_reason(done))],
        usage=_token_usage(answer.usage),
        sources=answer.sources,
        citations=_citations(done),
        flags=_flags(done),
        abstained=done.abstained,
        answerer=done.answerer,
        notices=answer.notices,
    )


async def _begun(asked: Asked, answer: _Answer) -> list[AnswerEvent]:
    """Return the events up to the first word, or to the first notice of waiting: until then a failure is an HTTP
    status, which it cannot be any more inside a stream."""
    first: list[AnswerEvent] = []
    try:
        async for event in asked.events:
            answer.take(event)
            first.append(event)
            if isinstance(event, ReasoningDelta | AnswerDelta | Queued | Done):
                break
    except BaseException:
        await asked.events.aclose()
        raise
    return first


async def _lines(
    asked: Asked, answer: _Answer, first: list[AnswerEvent], include_usage: bool
) -> AsyncGenerator[ServerSentEvent]:
    about: dict[str, Any] = {"id": _new_id(), "created": int(time.time()), "model": asked.model}

    def chunk(delta: Delta, finish_reason: str | None = None, **more: Any) -> ServerSentEvent:
        choices = [ChunkChoice(delta=delta, finish_reason=finish_reason)]
        return _line(ChatCompletionChunk(**about, choices=choices, **more), include_usage)

    async with aclosing(asked.events) as events:
        # The first word goes with the role: a line of its own for that would only make readers wait for it.
        opening = next((delta for event in first if (delta := _delta(event))), Delta(content=""))
        opening.role = "assistant"
        told = answer.notices or None
        yield chunk(opening, sources=answer.sources, answerer=answer.answerer or None, notices=told)
        try:
            if answer.done is None:
                async for event in events:
                    answer.take(event)
                    if delta := _delta(event):
                        yield chunk(delta)
        except KnowledgeBaseError as error:
            status = openai_status(status_of(error))
            yield ServerSentEvent(data=orjson.dumps(openai_error(status, error.code, error.message)).decode())
            return
    done = answer.done
    assert done is not None, "an answer ends with done or error"
    yield chunk(Delta(), _finish_reason(done), citations=_citations(done), flags=_flags(done), abstained=done.abstained)
    if include_usage:
        usage = _token_usage(answer.usage)
        yield _line(ChatCompletionChunk(**about, choices=[], usage=usage), include_usage)
    yield ServerSentEvent(data="[DONE]")


def _delta(event: AnswerEvent) -> Delta | None:
    if isinstance(event, ReasoningDelta):
        return Delta(reasoning_content=event.text)
    return Delta(content=event.text) if isinstance(event, AnswerDelta) else None


def _line(chunk: ChatCompletionChunk, include_usage: bool) -> ServerSentEvent:
    """`usage` is null in each chunk where it was asked for, and absent where it was not; so says OpenAI's protocol."""
    body = {name: value for name, value in chunk.model_dump(mode="json").items() if value is not None}
    for choice in body["choices"]:
        choice["delta"] = {name: value for name, value in choice["delta"].items() if value is not None}
    if include_usage:
        body.setdefault("usage", None)
    return ServerSentEvent(data=orjson.dumps(body).decode())


def _finish_reason(done: Done) -> str:
    return "length" if done.is_cut else "stop"


def _citations(done: Done) -> list[Citation]:
    return [Citation.model_validate(citation_record(citation)) for citation in done.citations]


def _flags(done: Done) -> list[Flag]:
    return [Flag.model_validate(flag_record(flag)) for flag in done.flags]


def _token_usage(usage: Usage) -> TokenUsage:
    completion = usage.reasoning_tokens + usage.answer_tokens
    return TokenUsage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=completion,
        total_tokens=usage.prompt_tokens + completion,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=usage.cached_tokens),
        completion_tokens_details=CompletionTokensDetails(reasoning_tokens=usage.reasoning_tokens),
    )


def _new_id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"
