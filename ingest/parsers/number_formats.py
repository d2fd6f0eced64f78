"""Numbers and dates as a spreadsheet shows them: its number format applied to the stored value."""

from __future__ import annotations

import datetime as dt
import functools
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_SECTION = re.compile(r'((?:"[^"]*"|\\.|\[[^\]]*\]|_.|\*.|[^;"\\\[_*])*)(?:;|$)')
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|\[(h+|m+|s+)\]|\[[^\]]*\]|_.|\*.|'
    r"(AM/PM|A/P|上午/下午|am/pm)|(yyyy|yy|y|e|mmmmm|mmmm|mmm|mm|m|dddd|ddd|dd|d|aaaa|aaa|hh|h|ss|s|0+(?=$)|\.0+)|(.)",
    re.IGNORECASE,
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CHINESE_WEEKDAYS = "一二三四五六日"
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def shown(value: object, number_format: str) -> str:
    """Return what a cell with this value and number format shows. Unknown formats show the plain value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, number_format or "General")
    if isinstance(value, dt.timedelta):
        return _duration(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return _date(value, number_format or "General")
    return str(value)


def _general(value: float) -> str:
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    text = f"{value:.10g}"
    return f"{value:.6G}" if "e" in text else text


def _number(value: float, number_format: str) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    if number_format in ("General", "@", "GENERAL"):
        return _general(value)
    sections = _sections(number_format)
    section, signed = sections[0], True
    if len(sections) > 1 and value < 0:
        section, signed = sections[1], False
    elif len(sections) > 2 and value == 0:
        section = sections[2]
    text = _in_section(abs(value), section)
    return f"-{text}" if value < 0 and signed and any(character not in "0.,%" for character in text) else text


@functools.lru_cache(maxsize=512)
def _sections(number_format: str) -> tuple[str, ...]:
    found = [match.group(1) for match in _SECTION.finditer(number_format)]
    while len(found) > 1 and not found[-1]:
        found.pop()
    return tuple(found) or ("General",)


@functools.lru_cache(maxsize=512)
def _skeleton(section: str) -> tuple[str, str, str]:
    """Part a section into literal text before, the number's pattern, literal text after."""
    plain = ""
    at = 0
    literal: list[tuple[int, str]] = []
    while at < len(section):
        character = section[at]
        if character == '"':
            end = section.find('"', at + 1)
            end = len(section) if end < 0 else end
            literal.append((len(plain), section[at + 1 : end]))
            at = end + 1
        elif character == "\\" and at + 1 < len(section):
            literal.append((len(plain), section[at + 1]))
            at += 2
        elif character == "[":
            end = section.find("]", at)
            end = len(section) if end < 0 else end
            if section[at + 1 : at + 2] == "$":
                literal.append((len(plain), section[at + 2 : end].split("-")[0]))
            at = end + 1
        elif character in "_*":
            at += 2
        elif character in "0#?.,%Ee+-/" or (character.isdigit() and "/" in section):
            if character in "+-" and not plain.upper().endswith("E"):
                literal.append((len(plain), character))
            else:
                plain += character
            at += 1
        else:
            literal.append((len(plain), character))
            at += 1
    before = "".join(text for place, text in literal if place == 0)
    after = "".join(text for place, text in literal if place > 0)
    return before, plain, after


def _in_section(value: float, section: str) -> str:
    if section.strip().lower() in ("general", "@"):
        return _general(value)
    before, pattern, after = _skeleton(section)
    if "general" in section.lower():
        return _general(value)
    digits = pattern.rstrip("%")
    if not any(place in digits for place in "0#?"):
        return f"{before}{after}".strip()
    percent = pattern.count("%")
    try:
        number = Decimal(repr(value)) * (100**percent)
    except InvalidOperation:
        return _general(value)
    mantissa, marker, exponent = digits.partition("E")
    if marker:
        return f"{before}{_scientific(float(number), mantissa, exponent)}{'%' * percent}{after}".strip()
    if "/" in digits:
        return f"{before}{_general(float(number))}{after}".strip()
    whole, _, fraction = digits.partition(".")
    scale = len(whole) - len(whole.rstrip(",")) + fraction.count(",")
    number /= Decimal(1000) ** scale
    grouped = "," in whole.rstrip(",")
    most, least = sum(place in "0#?" for place in fraction), fraction.count("0")
    rounded = number.quantize(Decimal(1).scaleb(-most), rounding=ROUND_HALF_UP)
    text = f"{rounded:,f}" if grouped else f"{rounded:f}"
    integer, _, decimals = text.partition(".")
    while len(decimals) > least and decimals.endswith("0"):
        decimals = decimals[:-1]
    needed = whole.count("0")
    if integer == "0" and needed == 0 and decimals:
        integer = ""
    integer = integer.rjust(needed, "0") if not grouped else integer
    shown_number = f"{integer}.{decimals}" if decimals else integer
    return f"{before}{shown_number}{'%' * percent}{after}".strip()


def _scientific(value: float, mantissa: str, exponent: str) -> str:
    decimals = sum(place in "0#?" for place in mantissa.partition(".")[2])
    base, _, power = f"{value:.{decimals}E}".partition("E")
    sign = "-" if power.startswith("-") else "+" if "+" in exponent else ""
    return f"{base}E{sign}{power.lstrip('+-').lstrip('0').rjust(max(1, exponent.count('0')), '0')}"


def _duration(value: dt.timedelta) -> str:
    seconds = int(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _date(value: dt.datetime | dt.date | dt.time, number_format: str) -> str:
    section = _sections(number_format)[0]
    tokens = list(_TOKEN.finditer(section))
    codes = [(match.group(6) or "").lower() for match in tokens]
    if "general" in section.lower() or not any(code and code[0] in "ymdhsea" for code in codes):
        return _plain_date(value)
    half_day = any(match.group(5) for match in tokens)
    parts: list[str] = []
    for at, match in enumerate(tokens):
        if match.group(1) is not None or match.group(2) or match.group(3):
            parts.append(match.group(1) or match.group(2) or match.group(3) or "")
        elif match.group(5):
            parts.append("PM" if _part(value, "hour") >= 12 else "AM")
        elif code := codes[at]:
            minutes = code in ("m", "mm") and _beside_time(codes, at)
            parts.append(_date_part(value, code, minutes, half_day))
        elif match.group(7):
            parts.append(match.group(7))
    return "".join(parts).strip() or _plain_date(value)


def _beside_time(codes: list[str], at: int) -> bool:
    """An m next to hours or seconds means minutes."""
    before = next((code for code in reversed(codes[:at]) if code), "")
    after = next((code for code in codes[at + 1 :] if code), "")
    return before.startswith("h") or after.startswith("s")


def _part(value: dt.datetime | dt.date | dt.time, name: str) -> int:
    found = getattr(value, name, 0)
    return found if isinstance(found, int) else 0


def _date_part(value: dt.datetime | dt.date | dt.time, code: str, minutes: bool, half_day: bool) -> str:
    year, month, day = (_part(value, name) for name in ("year", "month", "day"))
    hour = _part(value, "hour")
    if half_day:
        hour = (hour + 11) % 12 + 1
    if minutes:
        return f"{_part(value, 'minute'):0{len(code)}d}"
    if code[0] in ("d", "a") and len(code) >= 3:
        weekday = value.weekday() if isinstance(value, dt.date) else 0
        if code[0] == "a":
            return ("星期" if len(code) == 4 else "") + _CHINESE_WEEKDAYS[weekday]
        return _WEEKDAYS[weekday][: 3 if len(code) == 3 else None]
    if code[0] == "m" and len(code) >= 3:
        return _MONTHS[max(0, month - 1)][: {3: 3, 4: None, 5: 1}[len(code)]]
    values = {"y": year, "e": year, "m": month, "d": day, "h": hour, "s": _part(value, "second")}
    if code in ("yy", "y"):
        return f"{year % 100:02d}"
    if code.startswith(".0"):
        return f".{_part(value, 'microsecond') // 1000:03d}"[: len(code)]
    return f"{values.get(code[0], 0):0{len(code)}d}"


def _plain_date(value: dt.datetime | dt.date | dt.time) -> str:
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time(0)
        return value.strftime("%Y-%m-%d") if midnight else value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat()
