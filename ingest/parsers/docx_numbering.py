"""The numbers that Word shows before paragraphs: 第一章, 1.2.3, (a), •."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from ingest.parsers.office_xml import attribute, child, local

_DIGITS = "〇一二三四五六七八九"
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


@dataclass(slots=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    style: str = ""


class Numbering:
    """Counts the numbered paragraphs of a document, in its order."""

    def __init__(self, root: etree._Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract_of: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = {}
        abstract: dict[str, dict[int, _Level]] = {}
        for element in root if root is not None else ():
            if local(element) == "abstractNum":
                abstract[attribute(element, "abstractNumId")] = _levels(element)
        for element in root if root is not None else ():
            if local(element) == "num":
                link = child(element, "abstractNumId")
                key = attribute(link, "val") if link is not None else ""
                number = attribute(element, "numId")
                self._abstract_of[number] = key
                self._levels[number] = {**abstract.get(key, {}), **_overrides(element)}

    def depth_of_style(self, number: str, style: str) -> int | None:
        """Return the depth that a list gives to paragraphs of this style (heading styles say only which list)."""
        levels = self._levels.get(number, {})
        return next((depth for depth, level in levels.items() if style and level.style == style), None)

    def label(self, number: str, depth: int) -> str:
        """Return what stands before the next paragraph of this list at this depth (0 the outermost)."""
        levels = self._levels.get(number, {})
        level = levels.get(depth)
        if level is None:
            return ""
        counts = self._counts.setdefault(self._abstract_of.get(number, number), {})
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
        if level.format == "bullet":
            return "•"
        if level.format == "none":
            return ""

        def shown(match: re.Match[str]) -> str:
            at = int(match.group(1)) - 1
            wanted = levels.get(at, level)
            return in_format(counts.get(at, wanted.start), wanted.format)

        return re.sub(r"%(\d)", shown, level.text).strip()


def _levels(element: etree._Element) -> dict[int, _Level]:
    return {
        int(attribute(inner, "ilvl")): _level(inner)
        for inner in element
        if local(inner) == "lvl" and attribute(inner, "ilvl").isdecimal()
    }


def _level(element: etree._Element) -> _Level:
    level = _Level()
    for inner in element:
        value = attribute(inner, "val")
        if local(inner) == "start" and value.isdecimal():
            level.start = int(value)
        elif local(inner) == "numFmt":
            level.format = value
        elif local(inner) == "lvlText":
            level.text = value
        elif local(inner) == "pStyle":
            level.style = value
    return level


def _overrides(element: etree._Element) -> dict[int, _Level]:
    found = {}
    for inner in element:
        if local(inner) == "lvlOverride" and (level := child(inner, "lvl")) is not None:
            depth = attribute(inner, "ilvl")
            if depth.isdecimal():
                found[int(depth)] = _level(level)
    return found


def in_format(number: int, number_format: str) -> str:
    """Return a number as Word shows it in one of its number formats; unknown formats count in digits."""
    if number_format in ("lowerLetter", "upperLetter"):
        letter = chr(97 + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if number_format == "upperLetter" else letter
    if number_format in ("lowerRoman", "upperRoman"):
        roman = _roman(number)
        return roman.upper() if number_format == "upperRoman" else roman
    if number_format.startswith(("chinese", "taiwanese", "ideograph", "japaneseCounting")):
        return chinese(number)
    if number_format.startswith("decimalEnclosedCircle") and 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    return str(number)


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        while number >= value:
            text, number = text + sign, number - value
    return text


def chinese(number: int) -> str:
    """Return a number below 10,000 in Chinese counting (二十一)."""
    if not 0 < number < 10_000:
        return str(number)
    text, gap = "", False
    for place, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, place)
        if digit:
            text += ("零" if gap else "") + _DIGITS[digit] + unit
            gap = False
        elif text and number:
            gap = True
    return text.removeprefix("一") if text.startswith("一十") else text
