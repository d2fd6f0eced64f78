"""Rules that tell whether a sentence says what its passages say: numbers, units, names, links.

Both languages. A rule speaks only where it can be sure: what it cannot judge it lets pass.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from inference import lexicon
from inference.terms import normalise

_MONTHS = {name: number for number, name in enumerate(lexicon.ENGLISH_MONTHS.split(), start=1)}
_MONTH_NAME = "|".join(_MONTHS)
_MONTH = re.compile(
    rf"\b({_MONTH_NAME}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b(?=\.?,?\s*\d)|(?<=\d\s)\b({_MONTH_NAME})\b"
)
_SMALL_NUMBERS = lexicon.ENGLISH_NUMBER_WORDS.split()[:12]
_DIGITS = {
    character: digit
    for digit, characters in enumerate(
        ("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for character in characters
}
_UNITS_HAN = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_HAN_NUMBER = re.compile(r"[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]+")
_ARABIC = re.compile(r"(?<![A-Za-z0-9_.])\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_MEASURE = re.compile(
    r"\s*(%|％|‰|percent|per cent|万元|亿元|美元|欧元|元|万|亿|学分|学年|学期|小时|分钟|个月|天|周|年|月|日|岁|人"
    r"|名|次|门|公里|千米|厘米|毫米|米|千克|公斤|毫克|克|吨|升|毫升|度|℃|yuan|rmb|usd|dollars?|euros?|pounds?|credits?|hours?|minutes?"
    r"|days?|weeks?|months?|years?|km|cm|mm|kg|mg|ml|million|billion|thousand|students?|people|m|g)(?![a-z])"
)
_COUNTED = frozenset("个种位部届条层座支家项艘所款张台次")
_UNIT_FORMS = {
    "％": "%", "percent": "%", "per cent": "%", "yuan": "元", "rmb": "元", "千米": "公里", "km": "公里", "公斤": "千克",
    "kg": "千克", "dollar": "usd", "dollars": "usd", "美元": "usd", "hour": "小时", "hours": "小时", "minute": "分钟",
    "minutes": "分钟", "day": "天", "days": "天", "日": "天", "week": "周", "weeks": "周", "year": "年", "years": "年",
    "credit": "学分", "credits": "学分", "学年": "年", "名": "人", "students": "人", "student": "人", "people": "人",
    "month": "月", "months": "月", "个月": "月",
}  # fmt: skip
_QUOTED_NAME = re.compile(r"《([^》]{2,40})》")
_LATIN_NAME = re.compile(
    r"\b[A-Z][A-Za-z]*(?:[A-Z0-9][A-Za-z0-9]*)\b|(?<=[a-z,;:’'\d] )[A-Z][a-zÀ-ɏ]{2,}\b|\b[A-Z]{2,}[-\d]*\b"
)
_HAN_RUN = re.compile(r"[㐀-䶿一-鿿]{2,}")
_NAME_FLAGS = {"nr", "nrt", "nrfg", "ns", "nt", "nz"}
URL = re.compile(
    r"(?:(?:https?|ftp)://|(?<![a-z0-9])(?:www\.|(?:mailto|javascript|data):))[^\s<>\"'，。；！？、（）《》【】\[\]]+",
    re.IGNORECASE,
)
EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
PHONE = re.compile(
    r"(?<![\w.,-])(?:\+\d{1,3}[ -]?(?:\(?\d{1,4}\)?[ -]?)?\d{3,4}[ -]?\d{3,5}(?:[ -]?\d{2,4})?"
    r"|\(?0\d{2,3}\)?[ -]?\d{7,8}|1[3-9]\d[ -]?\d{4}[ -]?\d{4}|[48]00[ -]\d{3,4}[ -]?\d{3,4}"
    r"|\(?\d{3}\)?[ -.]\d{3}[ -.]\d{4})(?![\w-])",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as it counts (`value`, without thousands separators) and the unit written behind it, if any."""

    value: str
    unit: str = ""


def quantities(text: str) -> list[Quantity]:
    """Return the numbers of the text, Chinese numerals and month names included, in order of appearance."""
    normal = _months_as_numbers(normalise(text))
    found = [
        (match.start(), Quantity(_plain(match.group()), _unit_after(normal, match.end())))
        for match in _ARABIC.finditer(normal)
    ]
    for match in _HAN_NUMBER.finditer(normal):
        value = han_number(match.group())
        if value is None:
            continue
        unit = _unit_after(normal, match.end())
        if normal[: match.start()].endswith("百分之"):
            unit = "%"
        counted = (
            len(match.group()) == 1 and match.group() not in "一百千万亿" and normal[match.end() :][:1] in _COUNTED
        )
        if len(match.group()) > 1 or (unit and not _is_article(normal, match)) or counted:
            found.append((match.start(), Quantity(str(value), unit)))
    return [quantity for _, quantity in sorted(found, key=lambda item: item[0])]


def han_number(text: str) -> int | None:
    """Return the value of a Chinese numeral (三百二十 → 320, 二〇二四 → 2024), None where it is none."""
    if all(character in _DIGITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    total = section = digit = 0
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _UNITS_HAN:
            section += (digit or 1) * _UNITS_HAN[character]
            digit = 0
        elif character in "万亿":
            if not (total or section or digit):
                return None
            total = (total + section + digit) * (10_000 if character == "万" else 100_000_000)
            section = digit = 0
    return total + section + digit


def missing_numbers(sentence: str, passages: Iterable[str]) -> list[str]:
    """Return the numbers of the sentence that no passage has, or has only with another unit."""
    known: dict[str, set[str]] = {}
    for passage in passages:
        for quantity in quantities(passage):
            known.setdefault(quantity.value, set()).add(quantity.unit)
        for number, word in enumerate(_SMALL_NUMBERS, start=1):
            if re.search(rf"\b{word}\b", passage.lower()):
                known.setdefault(str(number), set()).add("")
    missing = []
    for quantity in quantities(_without_list_mark(sentence)):
        units = known.get(quantity.value)
        if units is None or (quantity.unit and "" not in units and quantity.unit not in units):
            missing.append(f"{quantity.value}{quantity.unit}")
    return missing


def missing_names(sentence: str, passages: Iterable[str]) -> list[str]:
    """Return titles in 《》, Latin names and Chinese names (of people, places, bodies) that stand in no passage.

    Chinese names are compared only with passages that are Chinese: across languages they are written otherwise.
    """
    text = normalise("\n".join(passages))
    names = [*_QUOTED_NAME.findall(sentence), *_LATIN_NAME.findall(sentence)]
    if _HAN_RUN.search(text):
        names += _chinese_names(sentence)
    return [name for name in dict.fromkeys(names) if normalise(name) not in text]


def _chinese_names(sentence: str) -> list[str]:
    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.WARNING)
    words = [pair for run in _HAN_RUN.findall(sentence) for pair in jieba.posseg.cut(run)]
    return [pair.word for pair in words if pair.flag in _NAME_FLAGS and len(pair.word) > 1]


def unknown_contacts(text: str, known: str) -> list[tuple[int, int]]:
    """Return the spans of links, e-mail addresses and telephone numbers of the text that `known` does not hold."""
    spans: list[tuple[int, int]] = []
    lowered = known.lower()
    digits = re.sub(r"[^\d\n]+", "", known)
    for pattern in (URL, EMAIL, PHONE):
        for match in pattern.finditer(text):
            start, end = match.span()
            if pattern is URL:
                end = start + len(match.group().rstrip(".,;:!?)*_`"))
            written = text[start:end]
            if pattern is PHONE:
                stands = re.sub(r"\D", "", written)[-11:] in digits
            else:
                stands = _stands_alone(written.lower(), lowered)
            if not stands and not any(start < other_end and end > other for other, other_end in spans):
                spans.append((start, end))
    return sorted(spans)


def _stands_alone(written: str, known: str) -> bool:
    """Say whether `known` has the address itself and not only a longer one that begins with it."""
    for match in re.finditer(re.escape(written), known):
        after = known[match.end() : match.end() + 1]
        if not after or not (after.isalnum() and after.isascii()):
            return True
    return False


def _is_article(text: str, match: re.Match[str]) -> bool:
    """Say whether 一 stands there as other languages have an article: 一次, 第一次, 一名."""
    return match.group() == "一" and text[match.end() :][:1] in "次名门"


def _months_as_numbers(text: str) -> str:
    def number(match: re.Match[str]) -> str:
        word = (match.group(1) or match.group(2))[:3]
        return next(f"{value}月 " for name, value in _MONTHS.items() if name.startswith(word))

    return _MONTH.sub(number, text)


def _unit_after(text: str, end: int) -> str:
    match = _MEASURE.match(text, end)
    return _UNIT_FORMS.get(match.group(1), match.group(1)) if match else ""


def _plain(number: str) -> str:
    digits = number.replace(",", "").replace("−", "-")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits.lstrip("0") or "0" if not digits.startswith("0.") else digits


def _without_list_mark(sentence: str) -> str:
    return re.sub(r"^\s*(?:[（(]?\d{1,2}[.)、）]\s*|[-*•]\s+)", "", unicodedata.normalize("NFKC", sentence))
