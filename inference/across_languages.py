"""A sentence before a passage in the other language: words tell nothing, names are written otherwise, and cosines lie
on another scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.nearness import Scale, cosines
from inference.prompts import Language, language_of
from inference.quotes import Quote, quotes_of
from kb_platform.domain.answer import Source
from kb_platform.embedding import EmbeddingModel

ACROSS = Scale(unrelated=0.765, same_meaning=0.853)
"""A sentence and its translation have .846 (median of 30), the translation's passage's other sentences .780. Where it
counts as supported, none of these came."""
MOST_QUOTES = 40
"""Sentences of a passage that are looked at: a chunk hardly has more."""


def is_foreign(claim: str, source: Source) -> bool:
    """Say whether the passage is in another language than the sentence."""
    return language_of(claim) is not language_of(source.hit.text)


def nearest_quote(claim: str, source: Source, embedding: EmbeddingModel) -> tuple[Quote | None, float]:
    """Return the passage's sentence that lies nearest to the claim, and how near (0..1); None in a passage without."""
    quotes = quotes_of(source)[:MOST_QUOTES]
    if not quotes:
        return None, 0.0
    of_each = cosines(claim, [quote.text for quote in quotes], embedding)
    nearest = int(np.argmax(of_each))
    return quotes[nearest], ACROSS.share(float(of_each[nearest]))


def written_alike(names: Sequence[str], claim: str) -> tuple[str, ...]:
    """Return those of the claim's names that a text in the other language would write in the same way: of a Chinese
    sentence the Latin ones, of an English one those with a digit."""
    if language_of(claim) is Language.CHINESE:
        return tuple(name for name in names if name.isascii())
    return tuple(name for name in names if any(character.isdigit() for character in name))
