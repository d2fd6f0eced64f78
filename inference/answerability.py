"""Whether the passages say the asked thing, or only speak of the same.

`weigh_passages` tells what has nothing to do with the question. A near miss it lets pass: the words are there, the
answer is not. Here the likeliest sentence is looked at: which of the question's words it lacks, whether it holds a
thing of the kind that is asked for, whether it denies what the question states. A logistic regression, fitted on
answerable and unanswerable questions to the same passages, makes one number of it; what it tells apart and what not is
in docs/quality.md, "Abstention".
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from inference.evidence import CALIBRATIONS, Likely, likeliest_quotes
from inference.negation import negations
from inference.prompts import Language, language_of
from inference.questions import Expects, expects, holds_expected
from inference.terms import TextTerms, content_terms, coverage, terms_in_order
from kb_platform.domain.answer import Source

TELLING = 0.5
"""Weight of a word from which its absence counts, and share of it that a text must hold not to lack it."""
FURTHEST_LEAD = 3.0


@dataclass(frozen=True, slots=True)
class Signs:
    """What is seen of the likeliest sentence and its passage; also the weights of these."""

    words: float
    """Share of the question's words that the sentence, its titles and the sentence before it hold."""
    own_words: float
    """Share that the sentence alone holds."""
    passage_words: float
    heaviest_missing: float
    """Weight of the heaviest word of the question that the passage lacks."""
    missing: float
    """How many telling words the passage lacks."""
    denial: float
    """1: one of question and sentence negates, and the other does not."""
    expected: float
    """The sentence holds something of the kind that is asked for (1), does not (0), or that cannot be told."""
    pairs: float
    """Share of neighbouring words of the question that are neighbours in the sentence too."""
    numbers_missing: float
    lead: float
    """How far the sentence scores before the next one."""
    asks_number: float
    nearness: float
    """The passage's cosine to the question."""


@dataclass(frozen=True, slots=True)
class Fit:
    weights: Signs
    constant: float


FITS = {
    Language.CHINESE: Fit(
        Signs(
            words=2.15, own_words=-0.19, passage_words=2.48, heaviest_missing=0.35, missing=-0.45, denial=-0.41,
            expected=0.2, pairs=0.86, numbers_missing=-0.94, lead=0.55, asks_number=-0.79, nearness=0.0,
        ),
        -3.61,
    ),
    Language.ENGLISH: Fit(
        Signs(
            words=1.03, own_words=1.09, passage_words=-0.82, heaviest_missing=-0.83, missing=0.31, denial=-1.17,
            expected=0.72, pairs=-0.11, numbers_missing=-0.54, lead=0.16, asks_number=0.0, nearness=15.87,
        ),
        -14.52,
    ),
}  # fmt: skip


def answerability(question: str, sources: Sequence[Source], embedding_name: str) -> float:
    """Return how probable it is (0..1) that the likeliest sentence of the sources answers the question; 1 where that
    cannot be told: across languages, or for an embedding model that nothing was fitted for."""
    language = language_of(question)
    same = [source for source in sources if language_of(source.hit.text) is language]
    if embedding_name not in CALIBRATIONS or len(same) < len(sources):
        return 1.0
    signs = signs_of(question, same)
    if signs is None:
        return 0.0
    fit = FITS[language]
    value = fit.constant + sum(a * b for a, b in zip(astuple(fit.weights), astuple(signs), strict=True))
    return 1.0 / (1.0 + math.exp(-value))


def signs_of(question: str, sources: Sequence[Source]) -> Signs | None:
    """Return what is seen of the likeliest sentence; None where there is no sentence at all."""
    likely = likeliest_quotes(question, sources)
    if not likely:
        return None
    best = likely[0]
    hit = best.quote.source.hit
    terms = content_terms(question)
    passage = TextTerms(f"{hit.document_title}\n{hit.context}\n{hit.text}")
    missing = [term.weight for term in terms if term.weight >= TELLING and passage.holds(term) < TELLING]
    kind = expects(question)
    return Signs(
        words=best.words,
        own_words=coverage(terms, TextTerms(best.quote.text)),
        passage_words=coverage(terms, passage),
        heaviest_missing=max(missing, default=0.0),
        missing=float(len(missing)),
        denial=float((negations(question) > 0) != (negations(best.quote.text) > 0)),
        expected=holds_expected(kind, best.quote.text, terms),
        pairs=_pairs_kept([term.key for term in terms], best.quote.text),
        numbers_missing=float(sum(number not in hit.text for number in set(re.findall(r"\d+", question)))),
        lead=_lead(likely),
        asks_number=float(kind is Expects.NUMBER),
        nearness=hit.scores.dense if hit.scores.dense is not None else 0.78,
    )


def _pairs_kept(keys: Sequence[str], text: str) -> float:
    kept = set(itertools.pairwise(term.key for term in terms_in_order(text)))
    return sum(pair in kept for pair in itertools.pairwise(keys)) / max(1, len(keys) - 1)


def _lead(likely: Sequence[Likely]) -> float:
    return min(FURTHEST_LEAD, likely[0].score - likely[1].score) if len(likely) > 1 else FURTHEST_LEAD
