"""Which of the given passages a sentence is from, told by its words: where it cites none, or one that does not carry it
while another does. Small models number their sentences, or mix the numbers up."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from inference.citations import best_evidence
from inference.facts import missing_names, missing_numbers
from inference.terms import Term, TextTerms, content_terms, coverage
from inference.uncited import LEAST_WORDS
from kb_platform.domain.answer import Source

SURE = 0.8
"""Share of a sentence's words in one quote of a passage from which it is given that citation."""
LEAST_IN_ALL = 0.7
"""A passage with fewer of the words has no quote that is sure, whatever numbers count for (`best_evidence`)."""
LIKELY = 0.6
"""Share from which a passage that it cites is left to the check."""


def citation_due(claim: str, cited: Sequence[Source], sources: Sequence[Source]) -> Source | None:
    """Return the source that carries the claim beyond doubt; None where one of those that it cites may carry it, or
    none does."""
    terms = content_terms(claim)
    if len(terms) < LEAST_WORDS or any(may_carry(source, claim, terms) for source in cited):
        return None
    likely = [source for source in sources if source not in cited and _holds_enough(source, terms)]
    others = [(best_evidence(terms, claim, source).words, source) for source in likely]
    words, source = max(others, key=lambda item: item[0], default=(0.0, None))
    return source if source is not None and words >= SURE and _lacks_nothing(source, claim) else None


def may_carry(source: Source, claim: str, terms: Sequence[Term] | None = None) -> bool:
    """Say whether the source holds most of the claim's words, and all its numbers and names."""
    terms = content_terms(claim) if terms is None else terms
    return _lacks_nothing(source, claim) and best_evidence(terms, claim, source).words >= LIKELY


def _holds_enough(source: Source, terms: Sequence[Term]) -> bool:
    """Say whether one of the passage's quotes could hold so many of the words that it were sure: this is asked of all
    passages while the answer is written, and the words of each are kept."""
    hit = source.hit
    return coverage(terms, _words_of(f"{hit.document_title} {' '.join(hit.heading_path)} {hit.text}")) >= LEAST_IN_ALL


@functools.lru_cache(maxsize=512)
def _words_of(text: str) -> TextTerms:
    return TextTerms(text)


def _lacks_nothing(source: Source, claim: str) -> bool:
    passage = [f"{source.hit.document_title}\n{source.hit.context}\n{source.hit.text}"]
    return not missing_numbers(claim, passage) and not missing_names(claim, passage)
