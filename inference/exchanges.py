"""Words of a sentence that stand in the place of others: the sentence is written off the passage but for them.

A sentence in words of its own is not judged here: what it says otherwise may mean the same.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from inference import lexicon
from inference.facts import quantities
from inference.terms import Term, TextTerms, stem, terms_in_order

COPIED = 0.6
"""Share of a sentence's content words that stand in its evidence in the same order from which it counts as written
off."""
TELLING = 0.5
"""Weight of a word from which its absence is told."""
MOST_REPLACED = 8
"""Words of the evidence in whose place a word can stand; more were left out, and not exchanged."""
_RELATIONS = frozenset(stem(word) for word in lexicon.RELATION_WORDS.split())
_FUNCTION_ENDS = re.compile(r"^[是在为于从由被与和及]|[是在为于从由被的了]$")


@dataclass(frozen=True, slots=True)
class Exchanged:
    """`words` stand in no passage; `numbers` stand in the passage, but where the evidence has others."""

    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


def exchanged(claim: str, evidence: str, passages: Iterable[str]) -> Exchanged:
    """Return what the claim has in the place of words and numbers of the evidence that it otherwise repeats."""
    ours, theirs = terms_in_order(claim), terms_in_order(evidence)
    if not ours or not theirs:
        return Exchanged()
    matcher = difflib.SequenceMatcher(None, [t.key for t in ours], [t.key for t in theirs], autojunk=False)
    if sum(block.size for block in matcher.get_matching_blocks()) < COPIED * len(ours):
        return Exchanged()
    text = TextTerms("\n".join(passages))
    words: list[str] = []
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag == "replace" and other_end - other_start <= MOST_REPLACED:
            words += [_as_written(term, claim) for term in ours[start:end] if _is_strange(term, text)]
        elif tag in ("replace", "delete"):
            names = [term for term in ours[start:end] if term.is_name]
            words += [_as_written(term, claim) for term in names if _is_strange(term, text)]
    return Exchanged(tuple(dict.fromkeys(words)), _numbers(claim, evidence))


def _is_strange(term: Term, text: TextTerms) -> bool:
    """Say whether a telling word stands nowhere in the text, nor what is left of it without particles."""
    if term.weight < TELLING or term.key in _RELATIONS or text.holds(term) >= 0.5:
        return False
    if not term.is_han:
        return True
    core = _FUNCTION_ENDS.sub("", term.key)
    return len(core) > 1 and core not in _RELATIONS and core not in text.text


def _numbers(claim: str, evidence: str) -> tuple[str, ...]:
    """Return the claim's numbers that the evidence has less often, where it has others instead."""
    ours = Counter(quantity.value for quantity in quantities(claim))
    theirs = Counter(quantity.value for quantity in quantities(evidence))
    return tuple(ours - theirs) if theirs - ours else ()


def _as_written(term: Term, claim: str) -> str:
    found = re.search(rf"\b{re.escape(term.key)}[\w'’-]*", claim, re.IGNORECASE) if not term.is_han else None
    return found.group() if found else term.key
