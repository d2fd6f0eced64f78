"""What kind of answer a question asks for, and whether a sentence holds one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from inference import lexicon
from inference.terms import Term, normalise


class Expects(StrEnum):
    DATE = "date"
    NUMBER = "number"
    PERSON = "person"
    PLACE = "place"
    REASON = "reason"
    ANYTHING = "anything"


_WHEN = (
    r"(?:^|\b(?:and|or|since|until|by|from) )when\b|\bwhen\W*$"
    r"|\bwhen (?:is|was|are|were|do|does|did|will|would|can|may|must|should|shall|has|have|had)\b"
)
"""“When” that asks, not that of “what happens when …”."""
_ASKS = (
    (
        Expects.DATE,
        re.compile(
            r"什么时候|何时|哪一?年|哪一?天|几月|几号|几点|哪个?月|哪一?日|日期|时间(?:是|为|[？?]?$)|什么时间|哪个?世纪|哪个?年代"
            rf"|{_WHEN}|\b(?:what|which|in what) (?:year|date|day|month|century|decade|time)\b|\bdeadline\b"
        ),
    ),
    (
        Expects.NUMBER,
        re.compile(
            r"多少|几[个名人次家位种项部届章条元岁层间门所座号小时分钟天]|多[大高长久远重快宽深]"
            r"|百分之几|比例|[^效频]率(?:是|为)|人数|数量"
            r"|\bhow (?:many|much|long|old|tall|far|large|big|high|often|fast|deep|wide)\b"
            r"|\bwhat (?:is the |was the |are the |were the )?(?:number|amount|percentage|percent|population|total"
            r"|subtotal|sum|average|cost|price|fee|rate|ratio|distance|height|length|size|area)\b"
        ),
    ),
    (Expects.PERSON, re.compile(r"谁|哪位|哪个人|什么人|哪些人|\bwho\b|\bwhom\b|\bwhose\b")),
    (Expects.PLACE, re.compile(r"哪里|哪儿|何地|什么地方|在哪|哪个?(?:城市|国家|省|地区|地方)|\bwhere\b")),
    (Expects.REASON, re.compile(r"为什么|为何|原因|\bwhy\b")),
)
_MONTHS = lexicon.ENGLISH_MONTHS.split()
_HOUR_WORD = rf"(?:{'|'.join(lexicon.ENGLISH_NUMBER_WORDS.split()[:12])})"
_HOUR = rf"\b(?:{_HOUR_WORD}|\d{{1,2}})"
_CLOCK = (
    r"凌晨|早上|上午|中午|下午|傍晚|晚上|\d{1,2}点|点钟|\bnoon\b|\bmidnight\b"
    rf"|{_HOUR}(?: o.clock| in the (?:morning|afternoon|evening)| at night| ?[ap]\.?m\b)"
    rf"|\b{_HOUR_WORD} (?:fifteen|thirty|forty-five)\b"
    rf"|\b(?:at|from|until|till|by|before|after|between) {_HOUR_WORD}(?: (?:to|until|till|and) {_HOUR_WORD})?"
    r"(?=[,.;:!?]|$| on\b)"
)
_DATE = re.compile(
    r"\d{1,4}\s*年|\d{1,2}\s*月|\d{1,2}\s*[日号]|[零〇一二三四五六七八九十]{2,4}年|[一二三四五六七八九十]{1,3}[月日号]|世纪|年代|时期|期间|朝|周[一二三四五六日]"
    r"|星期|每[天日周月年]|之日起?|\d{1,2}:\d{2}|\b1\d{3}\b|\b20\d{2}\b"
    rf"|\b(?:{'|'.join(month for month in _MONTHS if month != 'may')})\b|\bmay \d|\bcentury\b|\bcenturies\b"
    r"|\b\d{3,4}s\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bb\.?c\b|\ba\.?d\b"
    rf"|{_CLOCK}"
)
_NUMBER = re.compile(
    r"\d|[零〇一二两三四五六七八九十百千万亿]+[个名人次家位种项部届章条元岁层间门所座年月日天小时分钟倍米公里克吨度%％成]|百分之"
    rf"|\b(?:{'|'.join(lexicon.ENGLISH_NUMBER_WORDS.split())})\b"
)
_REASON = re.compile(
    r"因为|由于|因此|所以|为了|导致|原因|以免|\bbecause\b|\bdue to\b|\bsince\b|\bso that\b|\bcaused?\b|\bto\b"
)
_CAPITALISED = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][a-zÀ-ɏ]+")


def expects(question: str) -> Expects:
    """Return the kind of answer that the question's words ask for."""
    text = normalise(question)
    return next((kind for kind, asks in _ASKS if asks.search(text)), Expects.ANYTHING)


def holds_expected(kind: Expects, sentence: str, question_terms: Sequence[Term]) -> float:
    """Return 1 where the sentence holds something of that kind that the question did not already name, 0 where it
    does not, and 0.5 where that cannot be told."""
    text = normalise(sentence)
    named = {term.key for term in question_terms if term.is_name}
    if kind is Expects.DATE:
        return float(any(not (set(re.findall(r"\d+", m)) & named) for m in _DATE.findall(text)))
    if kind is Expects.NUMBER:
        numbers = {number.replace(",", "") for number in re.findall(r"\d[\d,.]*", text)}
        words = [m for m in _NUMBER.findall(text) if not m[0].isdigit()]
        return float(bool(numbers - named) or bool(words))
    if kind is Expects.REASON:
        return 1.0 if _REASON.search(text) else 0.3
    if kind in (Expects.PERSON, Expects.PLACE) and sentence.isascii():
        return float(any(word.lower()[:6] not in {n[:6] for n in named} for word in _CAPITALISED.findall(sentence)))
    return 0.5
