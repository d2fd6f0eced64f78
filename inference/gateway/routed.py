"""A model as one user has it: a place is waited for, a failing endpoint is left for the next one before the first
token, and what each call took is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from inference.endpoint_errors import EndpointBusy, RequestRefused
from inference.gateway.endpoint import Endpoint, EndpointConfig
from inference.gateway.queue import FairQueue, Ticket
from inference.llm import Finished, Message, ModelDelta, Sampling, TokensUsed, Waiting
from inference.metering import count_here, shared_reasoning
from inference.thinking import AnswerText, ReasoningText
from kb_platform.domain.errors import ModelBusy, ModelUnavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CallUsage:
    """What one call took, at which endpoint. `is_whole_answer` is false for the short calls around an answer."""

    endpoint: EndpointConfig
    model: str
    tokens: TokensUsed
    is_whole_answer: bool


OnUse = Callable[[Callable[[], CallUsage]], None]
"""Is given, once for each call that generated, a function that may count tokens: not for the event loop."""


class RoutedModel:
    """A ChatModel over all endpoints of one name, with the fair share of one user."""

    def __init__(self, name: str, queue: FairQueue, user_id: str, queue_seconds: float, on_use: OnUse) -> None:
        self._name = name
        self._queue = queue
        self._user_id = user_id
        self._queue_seconds = queue_seconds
        self._on_use = on_use
        self._context_window = min(endpoint.model.context_window for endpoint in queue.endpoints)

    @property
    def name(self) -> str:
        return self._name

    @property
    def context_window(self) -> int:
        """The smallest of its endpoints': each must be able to take over."""
        return self._context_window

    def refuse_when_full(self) -> None:
        """Raise TooManyRequests where asking now would."""
        self._queue.refuse_when_full(self._user_id)

    def stream(
        self, messages: Sequence[Message], max_tokens: int, thinking: bool = True, sampling: Sampling | None = None
    ) -> AsyncGenerator[ModelDelta, None]:
        """Yield Waiting while all places are taken, then what the endpoint writes; TokensUsed always comes.

        Raises ModelUnavailable (of the last endpoint tried), ModelBusy, TooManyRequests, ContextWindowExceeded.
        """
        return self._generate(messages, max_tokens, thinking, sampling, is_whole_answer=True)

    async def complete(self, messages: Sequence[Message], max_tokens: int) -> str:
        """Return a short finished text without its reasoning; it waits for a place like an answer."""
        parts: list[str] = []
        sampling = Sampling(temperature=0.0)
        generated = self._generate(messages, max_tokens, thinking=False, sampling=sampling, is_whole_answer=False)
        async with aclosing(generated) as deltas:
            written = 0
            async for delta in deltas:
                written += isinstance(delta, ReasoningText | AnswerText)
                if isinstance(delta, AnswerText):
                    parts.append(delta.text)
                if written >= max_tokens:
                    break  # a server sends one token or more with each delta: this one does not heed its bound
        return "".join(parts).strip()

    async def tokenize(self, messages: Sequence[Message], thinking: bool = True) -> list[int] | None:
        """Return the prompt's tokens as the first endpoint that answers counts them, None where it cannot."""
        return await self._of_first(lambda endpoint: endpoint.model.tokenize(messages, thinking))

    async def always_thinks(self) -> bool:
        """Say whether the model reasons even with thinking switched off."""
        return await self._of_first(lambda endpoint: endpoint.model.always_thinks())

    async def _generate(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        thinking: bool,
        sampling: Sampling | None,
        is_whole_answer: bool,
    ) -> AsyncGenerator[ModelDelta, None]:
        tried: frozenset[str] = frozenset()
        while True:
            ticket = self._queue.enter(self._user_id, tried)
            try:
                async with aclosing(self._positions(ticket)) as positions:
                    async for position in positions:
                        yield Waiting(position)
                endpoint = ticket.endpoint
                assert endpoint is not None
                call = _Call(endpoint.config, self._name, messages, is_whole_answer)
                try:
                    async with aclosing(endpoint.model.stream(messages, max_tokens, thinking, sampling)) as deltas:
                        async for delta in deltas:
                            call.take(delta)
                            if isinstance(delta, Finished) and call.used is None:
                                call.used = await asyncio.to_thread(call.count)
                                yield call.used
                            yield delta
                    endpoint.is_well()
                    return
                except ModelUnavailable as error:
                    if not isinstance(error, RequestRefused | EndpointBusy):
                        endpoint.has_failed(error)
                    tried |= {endpoint.config.id}
                    if call.has_begun or isinstance(error, RequestRefused) or not self._queue.usable(tried):
                        raise
                finally:
                    if call.has_begun:
                        self._on_use(call.usage)
            finally:
                self._queue.leave(ticket)

    async def _positions(self, ticket: Ticket) -> AsyncGenerator[int, None]:
        """Yield the ticket's position whenever it moves, until it has a place."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._queue_seconds
        shown = 0
        while ticket.endpoint is None:
            if ticket.refused is not None:
                raise ticket.refused
            ticket.changed.clear()
            if ticket.position != shown:
                shown = ticket.position
                yield shown
                continue
            try:
                await asyncio.wait_for(ticket.changed.wait(), until - loop.time())
            except TimeoutError as error:
                raise ModelBusy(
                    f"No place at the model became free within {self._queue_seconds:.0f} s. Try again later."
                ) from error

    async def _of_first(self, ask: Callable[[Endpoint], Awaitable[T]]) -> T:
        """Return what the first endpoint says that can be reached."""
        tried: frozenset[str] = frozenset()
        failed = ModelUnavailable("This model was disconnected. Choose another one.")
        while usable := self._queue.usable(tried):
            try:
                return await ask(usable[0])
            except ModelUnavailable as error:
                failed = error
                usable[0].has_failed(error)
                tried |= {usable[0].config.id}
        raise failed


class _Call:
    """One call as it is answered."""

    def __init__(self, endpoint: EndpointConfig, name: str, messages: Sequence[Message], is_whole_answer: bool) -> None:
        self._endpoint = endpoint
        self._name = name
        self._messages = messages
        self._is_whole_answer = is_whole_answer
        self._reasoning: list[str] = []
        self._answer: list[str] = []
        self.used: TokensUsed | None = None

    @property
    def has_begun(self) -> bool:
        return bool(self._reasoning or self._answer)

    def take(self, delta: ModelDelta) -> None:
        if isinstance(delta, ReasoningText):
            self._reasoning.append(delta.text)
        elif isinstance(delta, AnswerText):
            self._answer.append(delta.text)
        elif isinstance(delta, TokensUsed):
            self.used = delta

    def count(self) -> TokensUsed:
        return count_here(self._messages, "".join(self._reasoning), "".join(self._answer))

    def usage(self) -> CallUsage:
        used = self.used or self.count()
        reasoning = shared_reasoning(used, len("".join(self._reasoning)), len("".join(self._answer)))
        used = TokensUsed(used.prompt, used.cached, reasoning, used.completion, used.is_counted_here)
        return CallUsage(self._endpoint, self._name, used, self._is_whole_answer)
