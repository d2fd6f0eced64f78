"""Whether one text denies what the other states, in both languages.

The first word behind a negation tells what it denies; so a sentence that denies one thing and states another is not at
odds with a claim about the other.
"""

from __future__ import annotations

import re

from inference.terms import TextTerms, normalise, terms_in_order

_NEGATION = re.compile(
    r"不得|不能|不可|不予|不允许|不需要|不用|不必|不再|不是|不会|不应|不符|不包括|不适用|禁止|严禁|没有|未|无需|无须|并非|无(?=[处违不])"
    r"|不(?!同|仅|但|断|少(?!于)|久|论|管|过|足|良)|没(?=能|被|有)"
    r"|\bnot\b(?! only\b| just\b| merely\b)|\bno\b(?! longer than\b| more than\b| later than\b)|\bnever\b|\bcannot\b"
    r"|n['’]t\b|\bneither\b|\bnor\b|\bnone\b|\bwithout\b|\bprohibited\b|\bforbidden\b"
)
_CLAUSE_END = re.compile(r"[,，.。;；:：!！?？\n()（）]")
REACH = 40
"""Characters behind a negation in which what it denies is looked for."""
HELD = 0.8


def negations(text: str) -> int:
    """Return how often the text negates."""
    return len(_NEGATION.findall(normalise(text)))


def is_contradicted(claim: str, evidence: str) -> bool:
    """Say whether one of the two denies what the other, which speaks of the same, states."""
    in_claim, in_evidence = _denied(claim), _denied(evidence)
    if in_claim and not in_evidence:
        return True
    if in_evidence and not in_claim:
        stated = TextTerms(claim)
        return any(words and all(_holds(stated, word) for word in words) for words in in_evidence)
    if len(in_claim) > len(in_evidence):
        known = {word for words in in_evidence for word in words}
        stated = TextTerms(evidence)
        return any(words and not known & set(words) and all(_holds(stated, w) for w in words) for words in in_claim)
    return False


def _denied(text: str) -> list[tuple[str, ...]]:
    """Return for each negation of the text the first content word that it denies (nothing where none follows)."""
    normal = normalise(text)
    found: list[tuple[str, ...]] = []
    for match in _NEGATION.finditer(normal):
        after = normal[match.end() : match.end() + REACH]
        if end := _CLAUSE_END.search(after):
            after = after[: end.start()]
        found.append(tuple(term.key for term in terms_in_order(after)[:1]))
    return found


def _holds(text: TextTerms, word: str) -> bool:
    return word in text.stems or word in text.numbers or (len(word) > 0 and word[0] > "⺀" and word in text.text)
