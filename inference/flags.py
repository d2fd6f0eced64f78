"""What an answer names that stands in no source: links, addresses and telephone numbers (withheld while the text is
written) and document numbers (shown, and flagged)."""

from __future__ import annotations

import re
import unicodedata

from inference.facts import EMAIL, PHONE
from kb_platform.domain.answer import Flag, FlagKind

DOCUMENT_NUMBER = re.compile(
    r"[㐀-鿿]{1,12}[〔\[【（(]\s?(?:19|20)\d{2}\s?[〕\]】）)]\s?(?:第\s?)?\d{1,5}\s?号"  # 教发〔2023〕12号
    r"|第\s?\d{1,5}\s?号(?:令|公告|文件)"
    r"|(?<![A-Za-z0-9])(?:GB(?:/[TZ])?|DB\d{2}(?:/T)?|ISO(?:/IEC)?|IEC|IEEE|RFC|ANSI|ASTM|DIN|(?:YY|WS|JY|GA|HJ|JGJ)(?:/T)?)"
    r"[ -]?[A-Z]?\d{2,6}(?:\.\d+)*(?:[-—–:]\d{4})?(?![A-Za-z0-9])"
    r"|(?<![\w.])10\.\d{4,9}/[^\s\[\]，。；、）)]*[A-Za-z0-9]"  # DOI
    r"|\bIS[BS]N(?:-1[03])?:? ?\d[\d -]{6,15}[\dXx]\b"
    r"|\b(?:Document|Order|Circular|Decree|Notice|Policy|Form|Ordinance|Ref(?:erence|\.)?)\s(?:No\.?|Number|#)\s?"
    r"[A-Z0-9]*\d(?:[A-Z0-9/.-]*[A-Z0-9])?"
    r"|\b(?:Directive|Regulation)\s(?:\((?:EU|EC|EEC)\)\s)?(?:No\.?\s)?\d{2,4}/\d{1,4}(?:/[A-Z]{2,3})?\b"
    r"|(?<![\w/-])[A-Z]{2,8}(?:[-/][A-Z]{1,8})*[-/]\d{4}[-/]\d{1,6}(?![\w/-])",  # BJ-2023-0045
    re.ASCII,
)
_BEFORE_AUTHORITY = re.compile(r"[㐀-鿿]*(?:依据|根据|按照|参照|遵照|依照|以及|[见按和与及的在由])(?=[㐀-鿿])")
"""Words of the sentence before the name of whoever issued a Chinese document."""
_NOISE = re.compile(r"[\s〔〕\[\]【】（）()\-—–:第]+")


def unknown_document_numbers(text: str, known: str) -> list[tuple[int, int]]:
    """Return the spans of document numbers (of decrees, standards, publications, files) that `known` does not hold,
    however brackets, hyphens and spaces are written."""
    held = _plain(known)
    spans = []
    for match in DOCUMENT_NUMBER.finditer(text):
        if not _stands(_plain(match.group()), held):
            before = _BEFORE_AUTHORITY.match(match.group())
            spans.append((match.start() + (before.end() if before else 0), match.end()))
    return spans


def withheld_kind(address: str) -> FlagKind:
    """Return what an address is that was withheld."""
    if EMAIL.fullmatch(address):
        return FlagKind.EMAIL
    return FlagKind.PHONE if PHONE.fullmatch(address) else FlagKind.LINK


def flags_of(text: str, start: int, known: str, placeholder: str, withheld: list[str]) -> tuple[Flag, ...]:
    """Return the flags of a piece of an answer that begins at its character `start`.

    `placeholder` stands in the text for each of `withheld`, in order; those that are found are taken from the list.
    """
    flags = [
        Flag(withheld_kind(withheld.pop(0)), start + match.start(), start + match.end(), is_withheld=True)
        for match in re.finditer(re.escape(placeholder), text)
        if withheld
    ]
    flags += [Flag(FlagKind.DOCUMENT_NUMBER, start + a, start + b) for a, b in unknown_document_numbers(text, known)]
    return tuple(sorted(flags, key=lambda flag: flag.start))


def _plain(text: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).lower()


def _stands(number: str, held: str) -> bool:
    """Say whether the number stands there and not only as part of a longer one. What is written before it (the name of
    an authority) may be a word of the sentence: then the rest of it counts."""
    shortest = next((at for at, character in enumerate(number) if character.isascii()), 0)
    forms = (number, number[max(0, shortest - 2) :])
    return any(re.search(rf"(?<!\d){re.escape(form)}(?!\d)", held) for form in forms)
