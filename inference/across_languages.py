"""A question or a sentence before a passage in the other language: words tell nothing, names are written otherwise, and
cosines lie on another scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.nearness import Scale, cosines
from inference.prompts import Language, language_of
from inference.quotes import Quote, quotes_of
from kb_platform.domain.answer import Source
from kb_platform.embedding import EmbeddingModel
from kb_platform.embedding.languages import in_other_language, way_to_english

ACROSS = Scale(unrelated=0.765, same_meaning=0.853)
"""A sentence and its translation have .846 (median of 30), the translation's passage's other sentences .780. Where it
counts as supported, none of these came."""
MOST_QUOTES = 40
"""Sentences of a passage that are looked at: a chunk hardly has more."""
PASSAGES_READ = 3
"""Passages of the other language whose sentences are compared with a question."""


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


def as_in_other_language(question: str, vector: NDArray[np.float32], embedding: EmbeddingModel) -> NDArray[np.float32]:
    """Return the vector that the question, whose own is given, would have about in the other language."""
    is_chinese = language_of(question) is Language.CHINESE
    return in_other_language(vector, is_chinese=is_chinese, way=way_to_english(embedding))


def with_nearest_sentences(question: str, sources: Sequence[Source], embedding: EmbeddingModel) -> tuple[Source, ...]:
    """Return the sources; those of the other language that lie nearest with `sentence_other`, the cosine of their
    nearest sentence to the question as it would be there.

    A passage on several things lies far from a question about one of them, and across languages no words make up for
    that.
    """
    foreign = [source for source in sources if is_foreign(question, source)]
    foreign.sort(key=lambda source: -(source.hit.scores.dense_other or 0.0))
    asked = as_in_other_language(question, embedding.embed_query(question), embedding)
    nearest: dict[int, Source] = {}
    for source in foreign[:PASSAGES_READ]:
        texts = [quote.text for quote in quotes_of(source)[:MOST_QUOTES]]
        if texts:
            scores = replace(source.hit.scores, sentence_other=float((embedding.embed_passages(texts) @ asked).max()))
            nearest[source.number] = replace(source, hit=replace(source.hit, scores=scores))
    return tuple(nearest.get(source.number, source) for source in sources)


def written_alike(names: Sequence[str], claim: str) -> tuple[str, ...]:
    """Return those of the claim's names that a text in the other language would write in the same way: of a Chinese
    sentence the Latin ones, of an English one those with a digit."""
    if language_of(claim) is Language.CHINESE:
        return tuple(name for name in names if name.isascii())
    return tuple(name for name in names if any(character.isdigit() for character in name))
