"""A model that answers: what it is given, and what it yields while it writes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict

from inference.thinking import AnswerText, ReasoningText


class Message(TypedDict):
    role: str
    content: str


@dataclass(frozen=True, slots=True)
class TokensUsed:
    """Tokens as the server counted them, or as we did where it does not say (`is_counted_here`). `reasoning` is 0 where
    the server does not tell it apart from the answer."""

    prompt: int
    cached: int
    reasoning: int
    completion: int
    is_counted_here: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """The generation ended: `stop`, or `length` when the room for it was used up."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """All places are taken: `position` is 1 for who comes next."""

    position: int


ModelDelta = ReasoningText | AnswerText | TokensUsed | Finished | Waiting


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the model chooses its words; what is None is left to the endpoint (temperature: to the settings)."""

    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None


class ChatModel(Protocol):
    """A model that answers: one endpoint (`EndpointModel`), or several that stand in for each other (the gateway's).

    `context_window` is in tokens. Each method raises ModelUnavailable.
    """

    @property
    def name(self) -> str: ...

    @property
    def context_window(self) -> int: ...

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        thinking: bool = True,
        sampling: Sampling | None = None,
    ) -> AsyncGenerator[ModelDelta, None]:
        """Yield reasoning and answer as they are written, then TokensUsed (where it is known) and Finished. Closing
        the iterator stops the generation."""
        ...

    async def complete(self, messages: Sequence[Message], max_tokens: int) -> str:
        """Return a short finished text without its reasoning."""
        ...

    async def tokenize(self, messages: Sequence[Message], thinking: bool = True) -> list[int] | None:
        """Return the prompt's tokens, chat template included, or None where no server can say."""
        ...

    async def always_thinks(self) -> bool:
        """Say whether the model reasons even with thinking switched off."""
        ...
