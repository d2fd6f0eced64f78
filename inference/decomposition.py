"""A question with several parts becomes its parts, each of which is searched for by itself; any other stays whole.

By rules, so that it costs no model call and a plain question is never delayed or split: two questions one after the
other, questions joined by “and” or a comma, and comparisons of two things. What a split brings on questions of two
parts, and how many plain ones it leaves alone, is in docs/quality.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, zip_longest

from inference.prompts import HAN, Language, language_of
from inference.rewriting import stand_alone_after
from inference.terms import content_terms

MOST_PARTS = 4
FEWEST_HAN = 4
"""Chinese characters of a clause that can be a question of its own."""
FEWEST_TERMS = 1
"""Content words of an English one."""
FEWEST_TERMS_COMPARED = 2
"""Content words of each thing compared: “the high and the low price” are one thing."""

_SENTENCE_END = re.compile(r"(?<=[?？。！!\n])|(?<=[a-z]{3}\.)\s+(?=[A-Z])")
_ASKS_ENGLISH = r"(?:what|how|why|when|where|who|whom|whose|which)"
_STARTS_ENGLISH = re.compile(
    rf"\W*(?:(?:in|on|at|by|for|from|to|of|with|under|since)\s+)?{_ASKS_ENGLISH}\b"
    r"|\W*(?:is|are|was|were|do|does|did|can|could|must|may|should|will|has|have)\b",
    re.IGNORECASE,
)
# “and which was founded in …” goes on about the same thing: these join questions only behind a comma.
_JOINS_ENGLISH = re.compile(
    r"(?:[,;]\s*(?:and|or|but)(?:\s+also)?|;|\s+and(?:\s+also)?)\s+(?=(?:what|how|why)\b)"
    r"|(?:[,;]\s*(?:and|or|but)(?:\s+also)?|;)\s+"
    r"(?=(?:when|where|who|whom|whose|which|is|are|do|does|did|can|must|may|should|will)\b)",
    re.IGNORECASE,
)
_JOINS_CHINESE = re.compile(r"[，,；;]\s*(?:以及|并且|同时|另外|还有|而且|和)?|(?:以及|并且|还有)")
_ASKS_CHINESE = re.compile(
    r"什么|多少|多[久长大高远]|几[个名人次天年月门点时本种位号岁元条项]|怎么|怎样|如何|哪|谁|是否|能否|能不能|可不可以|需不需要|有没有|是不是|为何|何时|何地|吗"
)
_COMPARED_ENGLISH = re.compile(
    r"\b(?:difference|differences|distinction|comparison)\s+between\s+(?P<one>[^?]+?)\s+and\s+(?P<other>[^?]+)"
    r"|\bcompare\s+(?P<first>[^?]+?)\s+(?:and|with|to)\s+(?P<second>[^?]+)",
    re.IGNORECASE,
)
_COMPARED_CHINESE = re.compile(
    r"^(?P<one>[^，。？?]{2,20}?)[和与跟同](?P<other>[^，。？?]{2,20}?)(?:之间)?(?:有什么|有何|有哪些|的)(?:区别|不同|差别|差异|异同)"
)
_END_MARKS = " 　？?。.！!，,；;：:"


def searches_for(query: str) -> tuple[str, ...]:
    """Return what is searched for: the query, and beside it its parts or the two things that it compares."""
    return (query, *(parts_of(query) or things_compared(query)))


def parts_of(question: str) -> tuple[str, ...]:
    """Return the questions (two to MOST_PARTS) that this one is made of, each standing alone; none where it is one."""
    text = question.strip()
    language = language_of(text)
    sentences = [sentence.strip() for sentence in _SENTENCE_END.split(text) if sentence.strip(_END_MARKS)]
    asking = [sentence for sentence in sentences if _asks(sentence, language)]
    told = " ".join(sentence for sentence in sentences if sentence not in asking)
    clauses = [clause for sentence in asking for clause in _clauses(sentence, language)]
    if not 2 <= len(clauses) <= MOST_PARTS:
        return ()
    parts: list[str] = []
    for clause in clauses:
        parts.append(stand_alone_after(clause, parts[0]) if parts else clause)
    return tuple(f"{told} {part}".strip() for part in parts)


def things_compared(question: str) -> tuple[str, ...]:
    """Return the two things whose difference is asked for, or nothing."""
    language = language_of(question)
    compared = (_COMPARED_CHINESE if language is Language.CHINESE else _COMPARED_ENGLISH).search(question.strip())
    if not compared:
        return ()
    things = tuple(named.strip(_END_MARKS) for named in compared.groups() if named)
    if language is Language.ENGLISH and any(len(content_terms(thing)) < FEWEST_TERMS_COMPARED for thing in things):
        return ()
    return things


def merge(rankings: Sequence[Sequence[str]], limit: int) -> list[str]:
    """Return at most `limit` of the ranked ids, the best of each ranking first, then the second of each: every part of
    the question gets its share. An id of several rankings stands once."""
    in_turn = (id_ for row in zip_longest(*rankings) for id_ in row if id_ is not None)
    return list(islice(dict.fromkeys(in_turn), limit))


def _clauses(sentence: str, language: Language) -> list[str]:
    """Return the questions that one sentence joins, or the sentence as the only one."""
    joins = _JOINS_CHINESE if language is Language.CHINESE else _JOINS_ENGLISH
    clauses: list[str] = []
    begin = 0
    for join in joins.finditer(sentence):
        if _is_question(sentence[begin : join.start()], language) and _is_question(sentence[join.end() :], language):
            clauses.append(sentence[begin : join.start()].strip())
            begin = join.end()
    return [*clauses, sentence[begin:].strip()]


def _asks(text: str, language: Language) -> bool:
    if language is Language.CHINESE:
        return bool(_ASKS_CHINESE.search(text)) or text.rstrip().endswith(("?", "？"))
    return bool(_STARTS_ENGLISH.match(text)) or text.rstrip().endswith("?")


def _is_question(clause: str, language: Language) -> bool:
    """Say whether the clause asks something and has enough words to be searched for."""
    if language is Language.CHINESE:
        is_circumstance = clause.rstrip(_END_MARKS).endswith(("下", "后", "时", "中", "前", "里"))
        return bool(_ASKS_CHINESE.search(clause)) and len(HAN.findall(clause)) >= FEWEST_HAN and not is_circumstance
    return bool(_STARTS_ENGLISH.match(clause)) and len(content_terms(clause)) >= FEWEST_TERMS
