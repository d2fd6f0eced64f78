"""What the rules and the measures together say of one sentence before one passage that it cites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.entailment import Judgement
from inference.exchanges import exchanged
from inference.facts import missing_names, missing_numbers
from inference.negation import is_contradicted
from kb_platform.domain.answer import Support

ALIKE = 0.6
"""Share of words in common from which an odd negation is a contradiction and not another topic."""
PARTLY = 0.6
"""Part of the threshold from which a passage says at least part of a sentence."""
CONTRARY = 0.5
"""Probability of the contrary from which an entailment model is believed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence without its markers, everything that the passages it cites say (titles included), and which of its
    numbers and names stand in none of them."""

    text: str
    passages: tuple[str, ...]
    lost_numbers: tuple[str, ...]
    lost_names: tuple[str, ...]


def claim_before(text: str, passages: Sequence[str]) -> Claim:
    """Return the sentence as a claim that the passages together should carry."""
    return Claim(text, tuple(passages), tuple(missing_numbers(text, passages)), tuple(missing_names(text, passages)))


def support_of(
    claim: Claim,
    evidence: str,
    words: float,
    score: float,
    threshold: float,
    judgement: Judgement | None,
    is_across: bool = False,
) -> tuple[Support, str]:
    """Return how far the evidence (a passage's best words) carries the claim, and why not wholly.

    `words`: share of the claim's words that the evidence holds; `score`: support (0..1), compared with `threshold`;
    `is_across`: the two are in different languages.
    """
    if claim.lost_numbers:
        return Support.UNSUPPORTED, f"numbers not in the passage: {', '.join(claim.lost_numbers)}"
    if words >= ALIKE and is_contradicted(claim.text, evidence):
        return Support.UNSUPPORTED, "one negates and the other does not"
    if judgement is not None and judgement.contradicts >= CONTRARY:
        return Support.UNSUPPORTED, "the passage says the contrary"
    if score < threshold * PARTLY:
        return Support.UNSUPPORTED, "the passage does not say this"
    if claim.lost_names:
        return Support.PARTLY, f"names not in the passage: {', '.join(claim.lost_names)}"
    other = exchanged(claim.text, evidence, claim.passages)
    if other.words and judgement is None:
        return Support.PARTLY, f"words not in the passage: {', '.join(other.words)}"
    if other.numbers:
        return Support.PARTLY, f"numbers from elsewhere in the passage: {', '.join(other.numbers)}"
    if score < threshold and is_across:
        return Support.PARTLY, "the passage, in another language, may say this"
    if score < threshold:
        is_alone = len(claim.passages) == 1
        return Support.PARTLY, "the passage says part of this" if is_alone else "each cited passage says part of this"
    return Support.SUPPORTED, ""
