"""A follow-up question becomes one that can be searched for by itself.

With a model: one short request, and only where there is history. Without one, or where the model would think for long
about it: by rules, which carry the topic of the last question over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inference.llm import ChatModel
from inference.prompts import HAN, REWRITE, REWRITE_CONVERSATION, Language, language_of
from inference.terms import TextTerms, content_terms, coverage
from kb_platform.domain.answer import PastTurn
from kb_platform.domain.errors import ModelUnavailable

TURNS_SHOWN = 3
ANSWER_SHOWN = 400
"""Characters of each earlier answer that the model sees."""
LONGEST_QUERY = 300
QUERY_TOKENS = 128
KEPT_WORDS = 0.5
"""Share of the question's own words that a model's rewriting must keep."""

_LEANS_CHINESE = re.compile(
    r"^(?:那么?|还有|另外|然后|如果|要是|以及|除此|此外|具体)|(?<![其])(?:它|他|她)们?|这[个些种次项类里时样]|那[个些种次项类里时样]|^其|其[中他]"
    r"|上述|前者|后者|该[^校院系]|刚才|上面|前面|呢[？?]?$"
)
_LEANS_ENGLISH = re.compile(
    r"^(?:and|or|but|also|then|so|what about|how about|what if|why not|why)\b"
    r"|\b(?:it|its|they|them|their|theirs|he|him|his"
    r"|she|her|hers|this|that|those|these|there|the same|the former|the latter|one|ones)\b",
    re.IGNORECASE,
)
_ASKS_CHINESE = re.compile(
    r"需要|要求|必须|应该|应当|可以|能否|能不能|是否|有没有|有哪|有什么|有多|怎么|怎样|如何|什么|多少|几[个名人次天年月门]|何时|何地|哪"
    r"|为什么|为何|谁|是|在哪|要|吗|呢"
)
_INSTEAD_CHINESE = re.compile(r"^(?:那么?|还有|另外)?[，,]?\s*(.{1,20}?)\s*呢[？?]?$")
_INSTEAD_ENGLISH = re.compile(r"^(?:and|or|what about|how about|and what about)\s+(.{1,60}?)\??$", re.IGNORECASE)
SHORT_CHINESE = 9
SHORT_ENGLISH = 4
_END_MARKS = " 　？?。.！!，,；;：:"


async def standalone_query(question: str, history: Sequence[PastTurn], model: ChatModel | None) -> str:
    """Return the query to search for. Without history it is the question itself and no model is asked."""
    if not history:
        return question.strip()
    if model is not None:
        try:
            if not await model.always_thinks():
                return await _ask_model(question, history, model) or rewrite_by_rules(question, history)
        except ModelUnavailable:
            pass  # the answer itself will report the endpoint; searching needs no model
    return rewrite_by_rules(question, history)


def rewrite_by_rules(question: str, history: Sequence[PastTurn]) -> str:
    """Return the question with the topic that it leans on, carried through the whole conversation."""
    before = ""
    for turn in history:
        before = _join(turn.question.strip(), before)
    return _join(question.strip(), before)


def stand_alone_after(question: str, before: str) -> str:
    """Return the question with the topic of another question asked before it, where it leans on that."""
    return _join(question.strip(), before.strip())


def leans_on_history(question: str) -> bool:
    """Say whether the question cannot stand alone: pronouns, a connecting word at its start, or hardly any words."""
    text = question.strip().strip(_END_MARKS)
    if language_of(text) is Language.CHINESE:
        return bool(_LEANS_CHINESE.search(text)) or (
            len(HAN.findall(text)) <= SHORT_CHINESE and not _topic_of_chinese(text)
        )
    terms = content_terms(text)
    # “Where may visitors park?” is short and stands alone; “How long?” does not.
    stands_alone = len(terms) >= 2 or any(term.is_name for term in terms)
    return bool(_LEANS_ENGLISH.search(text)) or (len(text.split()) <= SHORT_ENGLISH and not stands_alone)


def topic_of(question: str) -> str:
    """Return what the question is about, without what it asks about it."""
    text = question.strip().strip(_END_MARKS)
    if language_of(text) is Language.CHINESE:
        return _topic_of_chinese(text) or text
    terms = [term for term in content_terms(text) if term.weight >= 1.0]
    keys = {term.key for term in terms}
    words = [word for word in re.findall(r"[\w'’-]+", text) if any(t.key in keys for t in content_terms(f"x {word}"))]
    return " ".join(words) or text


def _join(question: str, before: str) -> str:
    if not before or not leans_on_history(question):
        return question
    instead = (_INSTEAD_CHINESE if language_of(question) is Language.CHINESE else _INSTEAD_ENGLISH).match(question)
    if instead:
        # “And graduate students?” keeps what was asked and changes of whom.
        return f"{instead.group(1)} {before}".strip()
    topic = topic_of(before)
    if topic in question:
        return question
    return f"{topic} {question}"


def _topic_of_chinese(text: str) -> str:
    """Return the words before what is asked: 转专业需要什么条件 → 转专业."""
    asked = _ASKS_CHINESE.search(text)
    head = text[: asked.start()] if asked else text
    head = re.sub(r"^(?:请问|我想知道|想问一下|那么?|如果|关于|申请人?|学生)(?=.{2})", "", head).strip(_END_MARKS)
    return head if len(head) >= 2 else ""


async def _ask_model(question: str, history: Sequence[PastTurn], model: ChatModel) -> str:
    language = language_of(question)
    conversation = "\n".join(f"Q: {turn.question}\nA: {turn.answer[:ANSWER_SHOWN]}" for turn in history[-TURNS_SHOWN:])
    told = REWRITE_CONVERSATION[language].format_map({"conversation": conversation, "question": question})
    written = await model.complete(
        [{"role": "system", "content": REWRITE[language]}, {"role": "user", "content": told}], QUERY_TOKENS
    )
    lines = written.strip().strip("\"“”'").splitlines()
    query = lines[0].strip() if lines else ""
    # A weak model repeats an earlier question: what is asked now must still be in it.
    asked = content_terms(question)
    usable = (
        query
        and len(query) <= LONGEST_QUERY
        and bool(HAN.search(query)) == bool(HAN.search(question))
        and (not asked or coverage(asked, TextTerms(query)) >= KEPT_WORDS)
    )
    return query if usable else ""
