"""What a generation took, also where the server tells less than is wanted."""

from __future__ import annotations

import time
from collections.abc import Sequence

from inference.llm import Finished, Message, ModelDelta, TokensUsed
from inference.thinking import AnswerText, ReasoningText
from inference.token_counts import count_text, estimate_tokens
from kb_platform.domain.answer import Usage


class Meter:
    """Counts one generation, delta by delta."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._first_token = 0.0
        self._characters = {ReasoningText: 0, AnswerText: 0}
        self.used: TokensUsed | None = None
        self.ran_out = False
        self.answer_deltas = 0
        """At least this many tokens of answer have come: a server sends one or more with each delta."""

    @property
    def prompt_tokens(self) -> int:
        """As the server counted them; 0 where it has not said."""
        return self.used.prompt if self.used and not self.used.is_counted_here else 0

    def take(self, delta: ModelDelta) -> None:
        if isinstance(delta, TokensUsed):
            self.used = delta
        elif isinstance(delta, Finished):
            self.ran_out = delta.reason == "length"
        elif isinstance(delta, ReasoningText | AnswerText):
            self._first_token = self._first_token or time.monotonic() - self._began
            self._characters[type(delta)] += len(delta.text)
            self.answer_deltas += isinstance(delta, AnswerText)

    def usage(self, context_window: int) -> Usage:
        """Return the tokens and the time to the first of them."""
        used = self.used or TokensUsed(0, 0, 0, 0)
        reasoning = shared_reasoning(used, self._characters[ReasoningText], self._characters[AnswerText])
        return Usage(
            prompt_tokens=used.prompt,
            cached_tokens=used.cached,
            reasoning_tokens=reasoning,
            answer_tokens=used.completion - reasoning,
            is_counted_here=used.is_counted_here,
            context_window=context_window,
            seconds_to_first_token=self._first_token,
        )


def shared_reasoning(used: TokensUsed, reasoning_characters: int, answer_characters: int) -> int:
    """Return the tokens of reasoning. Where the server gives one number for reasoning and answer together, it is
    shared out by their characters."""
    total = reasoning_characters + answer_characters
    if used.reasoning or not total:
        return used.reasoning
    return round(used.completion * reasoning_characters / total)


def count_here(messages: Sequence[Message], reasoning: str, answer: str) -> TokensUsed:
    """Return our own count of a call (DeepSeek's tokenizer), for servers that tell none. Takes milliseconds: not for
    the event loop."""
    thought, answered = count_text(reasoning), count_text(answer)
    return TokensUsed(estimate_tokens(messages, 1.0), 0, thought, thought + answered, is_counted_here=True)
