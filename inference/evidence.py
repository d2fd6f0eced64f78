"""How well the passages found can answer the question, and which of their sentences do.

Two measures. `weigh_passages` is cheap (words and the retrieval's own scores) and decides whether anything is answered
at all; `rank_quotes` embeds the likeliest sentences and is what the extractive answerer speaks from.

Calibrated on the evaluation sets; how, and what it does and does not tell apart, is in docs/quality.md, "Abstention".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.across_languages import as_in_other_language, is_foreign
from inference.prompts import Language, language_of
from inference.questions import Expects, expects, holds_expected
from inference.quotes import Quote, quotes_of
from inference.terms import Term, TextTerms, content_terms, coverage
from kb_platform.domain.answer import Source
from kb_platform.embedding import EmbeddingModel


@dataclass(frozen=True, slots=True)
class Calibration:
    """Evidence within one language is `share of the question's words in the best passage + dense · best cosine`, and
    `border` is where it counts as an answer (cosines of Chinese texts lie higher). Across languages words tell nothing:
    `other` is the border of the passage's cosine to the question as it would be in the other language, by the
    question's own, and `sentence` of its nearest sentence's; `across` of the cosine to the question as it is, where the
    search did not bring that."""

    dense: float
    border: dict[Language, float]
    across: float
    other: dict[Language, float]
    sentence: dict[Language, float]


CALIBRATIONS = {
    "multilingual-e5-small": Calibration(
        dense=8.0,
        border={Language.CHINESE: 7.5, Language.ENGLISH: 7.2},
        across=0.80,
        other={Language.CHINESE: 0.825, Language.ENGLISH: 0.845},
        sentence={Language.CHINESE: 0.84, Language.ENGLISH: 0.855},
    )
}
BY_WORDS = Calibration(0.0, {Language.CHINESE: 0.3, Language.ENGLISH: 0.4}, across=0.0, other={}, sentence={})
"""For embedding models whose cosines were not calibrated: words alone (nothing is refused across languages)."""
STEEPNESS, STEEPNESS_ACROSS, STEEPNESS_OTHER = 10.0, 60.0, 100.0
ONLY_FIRST = 0.02
"""So much higher must the cosine be of a passage in the other language that is first in the order but not nearest."""

# Weights of a sentence's features, fitted on pairs of an answering and another sentence of the same retrieval.
NEARNESS, WORDS, PASSAGE_WORDS, PASSAGE_DENSE, EXPECTED, HEADING = 16.0, 2.6, 5.4, 9.4, 2.9, -0.8
TITLE_SHARE = 0.6
NEIGHBOUR_SHARE = 0.5
EMBEDDED_QUOTES = 32
QUOTE_CHARACTERS = 400
ALWAYS_GIVEN = 3
HARDLY_RELATED = 0.1


@dataclass(frozen=True, slots=True)
class Likely:
    """A quote and how likely its words make it that it answers (no scale of its own)."""

    quote: Quote
    score: float
    words: float
    """Share (0..1) of the question's words that the sentence, its titles and the sentence before it hold."""


@dataclass(frozen=True, slots=True)
class RankedQuote:
    quote: Quote
    score: float
    nearness: float
    words: float
    """Share (0..1) of the question's words that the sentence, its titles and the sentence before it hold."""


def weigh_passages(question: str, sources: Sequence[Source], embedding_name: str) -> float:
    """Return how sure it is (0..1) that the passages, best first, can answer: 0.5 is the calibrated border."""
    return max(_weigh_by_language(question, sources, embedding_name))


def bearing(question: str, sources: Sequence[Source], embedding_name: str) -> list[Source]:
    """Return the passages that the evidence rests on: those of the question's language or those of the other.

    Sentences of the two cannot be ranked together: any of the question's own language holds more of its words.
    """
    own, foreign = _weigh_by_language(question, sources, embedding_name)
    language = language_of(question)
    return [source for source in sources if (language_of(source.hit.text) is language) == (own >= foreign)]


def _weigh_by_language(question: str, sources: Sequence[Source], embedding_name: str) -> tuple[float, float]:
    """Return how sure it is that the passages of the question's language, and that those of the other, can answer."""
    calibration = CALIBRATIONS.get(embedding_name, BY_WORDS)
    language = language_of(question)
    same = [source for source in sources if language_of(source.hit.text) is language]
    others = [source for source in sources if source not in same]
    own = foreign = 0.0
    if same:
        value = _words_held(question, same) + calibration.dense * max(_dense(source) for source in same)
        own = _sigmoid((value - calibration.border[language]) * STEEPNESS)
    if others:
        beyond = _beyond_borders(others, calibration, language)
        foreign = (
            _weigh_unmoved(sources, same, others, calibration) if beyond is None else _sigmoid(beyond * STEEPNESS_OTHER)
        )
    return own, foreign


def _beyond_borders(others: Sequence[Source], calibration: Calibration, language: Language) -> float | None:
    """Return how far the passages in the other language or their sentences lie beyond their borders at most; None where
    that was not looked at."""
    if not calibration.other:
        return None
    scores = [source.hit.scores for source in others]
    beyond = [one.dense_other - calibration.other[language] for one in scores if one.dense_other is not None]
    beyond += [one.sentence_other - calibration.sentence[language] for one in scores if one.sentence_other is not None]
    return max(beyond, default=None)


def _weigh_unmoved(
    sources: Sequence[Source], same: Sequence[Source], others: Sequence[Source], calibration: Calibration
) -> float:
    """Return the evidence of passages in the other language by their cosines to the question as it is.

    The model sees likeness in the language itself: a foreign passage that still lies nearest means something, and one
    that retrieval, which makes up for that, puts first a little less.
    """
    nearest = max(_dense(source) for source in others)
    if not same or nearest >= max(_dense(source) for source in same):
        return _sigmoid((nearest - calibration.across) * STEEPNESS_ACROSS)
    if calibration.across and sources[0] in others:
        return _sigmoid((_dense(sources[0]) - calibration.across - ONLY_FIRST) * STEEPNESS_ACROSS)
    return 0.0


def worth_giving(questions: Sequence[str], sources: Sequence[Source], embedding_name: str) -> tuple[Source, ...]:
    """Return the sources without those that plainly have nothing to do with any of the questions, numbered from 1.

    The first ALWAYS_GIVEN stay whatever they are: the second half of an answer often looks unlike the question.
    """
    kept = [
        source
        for place, source in enumerate(sources)
        if place < ALWAYS_GIVEN
        or any(weigh_passages(question, [source], embedding_name) >= HARDLY_RELATED for question in questions)
    ]
    return tuple(Source(number, source.hit) for number, source in enumerate(kept, start=1))


def likeliest_quotes(question: str, sources: Sequence[Source]) -> list[Likely]:
    """Return the quotable sentences and rows of the passages by what their words tell, the likeliest answer first."""
    terms = content_terms(question)
    kind = expects(question)
    total = sum(term.weight for term in terms) or 1.0
    found: list[Likely] = []
    for source in sources:
        hit = source.hit
        title = TextTerms(f"{hit.document_title} {' '.join(hit.heading_path)}")
        share = coverage(terms, TextTerms(f"{hit.document_title}\n{hit.context}\n{hit.text}"))
        before: TextTerms | None = None
        for quote in quotes_of(source):
            own = TextTerms(quote.text)
            held = [
                term.weight
                * max(
                    own.holds(term),
                    TITLE_SHARE * title.holds(term),
                    NEIGHBOUR_SHARE * before.holds(term) if before else 0.0,
                )
                for term in terms
            ]
            words = sum(held) / total
            found.append(Likely(quote, _score_without_nearness(quote, words, share, kind, terms), words))
            before = own
    return sorted(found, key=lambda item: -item.score)


def rank_quotes(question: str, sources: Sequence[Source], embedding: EmbeddingModel) -> list[RankedQuote]:
    """Return the quotable sentences and rows of the passages, the one that answers best first."""
    likeliest = likeliest_quotes(question, sources)[:EMBEDDED_QUOTES]
    if not likeliest:
        return []
    vectors = embedding.embed_passages([item.quote.text[:QUOTE_CHARACTERS] for item in likeliest])
    asked = embedding.embed_query(question)
    nearness = vectors @ asked
    foreign = [is_foreign(question, item.quote.source) for item in likeliest]
    if any(foreign):
        nearness = np.where(foreign, vectors @ as_in_other_language(question, asked, embedding), nearness)
    ranked = [
        RankedQuote(item.quote, item.score + NEARNESS * float(near), float(near), item.words)
        for item, near in zip(likeliest, nearness, strict=True)
    ]
    return sorted(ranked, key=lambda item: -item.score)


def _score_without_nearness(
    quote: Quote, words: float, passage_words: float, kind: Expects, terms: Sequence[Term]
) -> float:
    return (
        WORDS * words
        + PASSAGE_WORDS * passage_words
        + PASSAGE_DENSE * _dense(quote.source)
        + EXPECTED * holds_expected(kind, quote.text, terms)
        + (HEADING if quote.is_heading else 0.0)
    )


def _words_held(question: str, sources: Sequence[Source]) -> float:
    """Return the largest share of the question's words that one passage holds; 0.5 for a question of stop words."""
    terms = content_terms(question)
    if not terms:
        return 0.5
    texts = (TextTerms(f"{s.hit.document_title}\n{s.hit.context}\n{s.hit.text}") for s in sources)
    return max(coverage(terms, text) for text in texts)


def _dense(source: Source) -> float:
    """Return the passage's cosine to the question; a passage that only word search found has a low one."""
    dense = source.hit.scores.dense
    return dense if dense is not None else 0.78


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, value))))
