"""The model alone, without documents: a conversation in, reasoning and answer out. Nothing is cited."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from inference.llm import ChatModel, Message, Sampling, Waiting
from inference.metering import Meter
from inference.prompts import CHAT_SYSTEM, NOTHING_WRITTEN, OUT_OF_ROOM, language_of
from inference.thinking import AnswerText, ReasoningText
from inference.token_counts import CountTokens, most_tokens
from kb_platform.domain.answer import (
    AnswerDelta,
    Answerer,
    AnswerEvent,
    Done,
    PastTurn,
    Queued,
    ReasoningDelta,
    UsageReported,
)
from kb_platform.domain.errors import ContextWindowExceeded, KnowledgeBaseError


class NoAnswerWritten(KnowledgeBaseError):
    """The model ended without an answer: it used its whole room for reasoning, or wrote nothing but markers."""

    code = "no_answer_written"


async def chat(
    messages: Sequence[Message],
    model: ChatModel,
    max_tokens: int,
    thinking: bool = True,
    sampling: Sampling | None = None,
    began: float | None = None,
) -> AsyncGenerator[AnswerEvent, None]:
    """Yield the generation's events: queued, reasoning and answer as they are written, usage, done. `began` is the
    moment (time.monotonic) from which its seconds count. Raises ModelUnavailable and NoAnswerWritten; closing the
    iterator stops the generation."""
    began = time.monotonic() if began is None else began
    meter = Meter(began)
    answer: list[str] = []
    async with aclosing(model.stream(messages, max_tokens, thinking, sampling)) as stream:
        async for delta in stream:
            meter.take(delta)
            if isinstance(delta, Waiting):
                yield Queued(delta.position)
            elif isinstance(delta, ReasoningText):
                yield ReasoningDelta(delta.text)
            elif isinstance(delta, AnswerText):
                # Models put blank lines between their reasoning and their answer.
                text = delta.text if answer else delta.text.lstrip()
                if text:
                    answer.append(text)
                    yield AnswerDelta(text)
    if not answer:
        language = language_of(messages[-1]["content"])
        raise NoAnswerWritten((OUT_OF_ROOM if meter.ran_out else NOTHING_WRITTEN)[language])
    yield UsageReported(replace(meter.usage(model.context_window), seconds_total=time.monotonic() - began))
    yield Done("".join(answer), abstained=False, answerer=Answerer.MODEL, is_cut=meter.ran_out)


async def fit_history(
    question: str, history: Sequence[PastTurn], room: int, count: CountTokens
) -> tuple[tuple[Message, ...], int]:
    """Return the messages with as many of the last turns as fit `room` tokens, and how many turns were left out.

    Raises ContextWindowExceeded when the question alone does not fit.
    """
    for dropped in range(len(history) + 1):
        messages = _messages(question, history[dropped:])
        if most_tokens(messages) <= room or await count(messages) <= room:
            return messages, dropped
    raise ContextWindowExceeded(
        f"The question alone does not fit the {room} tokens that the model's context window leaves for it. "
        "Ask a shorter question."
    )


def _messages(question: str, turns: Sequence[PastTurn]) -> tuple[Message, ...]:
    messages: list[Message] = [{"role": "system", "content": CHAT_SYSTEM[language_of(question)]}]
    for turn in turns:
        messages.append({"role": "user", "content": turn.question})
        messages.append({"role": "assistant", "content": turn.answer})
    return (*messages, {"role": "user", "content": question})
