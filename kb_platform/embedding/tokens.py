"""Counting a text in the embedding model's tokens."""

from __future__ import annotations

import re
from collections.abc import Callable

from tokenizers import Tokenizer

TokenOffsets = Callable[[str], list[tuple[int, int]]]
"""Text → the character span of each of its tokens."""

_APPROXIMATE = re.compile(r"[぀-ヿ㐀-鿿가-힯豈-﫿]|[^\W_]{1,5}|[^\w\s]|_")


def exact_offsets(tokenizer: Tokenizer) -> TokenOffsets:
    """Return spans by the model's own tokenizer (special tokens left out). The tokenizer must not be shared with
    code that sets truncation or padding on it."""

    def offsets(text: str) -> list[tuple[int, int]]:
        return list(tokenizer.encode(text, add_special_tokens=False).offsets)

    return offsets


def approximate_offsets(text: str) -> list[tuple[int, int]]:
    """Return spans for a model whose tokenizer is not known: a Chinese, Japanese or Korean character, up to five
    letters or digits of another script, or a mark are one token each (rather more tokens than most tokenizers
    make, so that nothing is cut by the endpoint)."""
    return [match.span() for match in _APPROXIMATE.finditer(text)]
