"""Citation markers in streamed text: whatever a model writes becomes `[n]`, and only numbers that were given pass.

Read: [1], [1,2], [1-3], [1][3], 【1】, ［１］, [^1], [来源1], [Passage 2], 【1†source】. A Markdown link or image keeps
its words and loses its address; links, e-mail addresses and telephone numbers that stand in no source are withheld.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from inference.facts import PHONE, unknown_contacts
from kb_platform.domain.answer import Source

_WORD = r"(?:passages?|sources?|citations?|refs?|资料|来源|文档|片段|引用|参考|出处|n)"
_NUMBER = r"[0-9０-９]{1,3}"
MARKER = re.compile(
    rf"[\[【［]\s*\^?{_WORD}?\s*[:：#=]?\s*({_NUMBER}(?:\s*[,，、;；&和–~-]\s*{_WORD}?\s*\^?{_NUMBER})*)\s*(?:†[^\]】］]{{0,60}})?[\]】］]",
    re.IGNORECASE,
)
_SPACED_MARKER = re.compile(rf"([ \t]*){MARKER.pattern}", re.IGNORECASE)
CLEAN_MARKER = re.compile(r"\[(\d{1,3})\]")
_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,300})\]\(\s*<?([^()\s<>]*(?:\([^()]*\)[^()\s<>]*)*)>?(?:\s+[\"'][^\"')]*[\"'])?\s*\)"
)
_RANGE = re.compile(rf"({_NUMBER})\s*[–~-]\s*({_NUMBER})")
_OPEN = "[【［"
_CLOSE = "]】］"
LONGEST_MARKER = 80
LONGEST_HELD = 2_000
# A run that may be the beginning of an address or a telephone number.
_UNFINISHED = re.compile(r"(?:[!-~]+|\+?[0-9(][0-9 ()+-]*)$", re.ASCII)
_DEFINITION = re.compile(r"\](?=:)")
"""Of a Markdown reference (`[1]: address`): with a space it is text, and no `[words][1]` leads there."""
_HTML_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,300}>|<!--.*?-->", re.DOTALL)
_SHOWN_ADDRESS = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_ACTIVE = re.compile(
    r"<(?=/?(?:a|area|audio|base|button|embed|form|iframe|img|input|link|math|meta|object|passages?|script|style|svg|template|video)\b"
    r"|!--|https?:|mailto:)",
    re.IGNORECASE,
)


class MarkerStream:
    """Feeds on a model's answer and returns text that may be shown.

    `dropped` counts the markers whose number was not given; `withheld` lists addresses that stand in no source.
    """

    def __init__(self, sources: Sequence[Source], withheld_text: str) -> None:
        self._numbers = {source.number for source in sources}
        self.known = "\n".join(
            f"{source.hit.context}\n{source.hit.text}\n{source.hit.document_name}\n{source.hit.document_title}"
            for source in sources
        )
        self._withheld_text = withheld_text
        self._pending = ""
        self.placeholders: list[str] = []
        """Of `withheld`, those in whose place the text says that they were, in order."""
        self.dropped = 0
        self.withheld: list[str] = []

    def feed(self, text: str) -> str:
        """Take the next characters and return those that are certain by now."""
        self._pending += text
        cut = self._certain_until()
        certain, self._pending = self._pending[:cut], self._pending[cut:]
        return self._clean(certain)

    def finish(self) -> str:
        """Return the rest."""
        rest, self._pending = self._pending, ""
        return self._clean(rest)

    def _certain_until(self) -> int:
        """Return how much of the pending text cannot change its meaning by what follows."""
        text = self._pending
        if len(text) > LONGEST_HELD:
            return len(text)
        cut = len(text)
        if unfinished := _UNFINISHED.search(text):
            cut = unfinished.start()
        opened = max(text.rfind(character) for character in _OPEN)
        if opened >= 0:
            closed = min((at for c in _CLOSE if (at := text.find(c, opened)) >= 0), default=-1)
            is_link = text[closed + 1 : closed + 2] == "("
            if closed < 0:
                is_open = len(text) - opened <= LONGEST_MARKER * 4
            else:
                is_open = closed == len(text) - 1 or (is_link and ")" not in text[closed:])
            if is_open:
                cut = min(cut, opened)
        tag = text.rfind("<")
        if tag >= 0 and ">" not in text[tag:] and len(text) - tag <= LONGEST_MARKER * 4:
            cut = min(cut, tag)
        while cut and text[cut - 1] in "!<":
            cut -= 1
        return len(text[: self._before_whole(text, cut)].rstrip())

    def _before_whole(self, text: str, cut: int) -> int:
        """Return the cut moved before any finished construct that it would divide."""
        for pattern in (_LINK, _HTML_TAG, PHONE, MARKER):
            for match in pattern.finditer(text):
                if match.start() < cut < match.end():
                    return self._before_whole(text, match.start())
        return cut

    def _clean(self, text: str) -> str:
        if not text:
            return ""
        text = _HTML_TAG.sub("", text)
        text = _DEFINITION.sub("] ", text)
        text = _LINK.sub(self._link, text)
        spans = unknown_contacts(text, self.known)
        found = [text[start:end] for start, end in spans]
        for start, end in reversed(spans):
            text = text[:start] + self._withheld_text + text[end:]
        self.withheld += found
        self.placeholders += found
        return _SPACED_MARKER.sub(self._marker, text)

    def _link(self, match: re.Match[str]) -> str:
        words, address = match.group(1), match.group(2)
        if re.fullmatch(r"\^?\d{1,3}", words.strip()):
            return f"[{words}]"
        if address and unknown_contacts(address, self.known):
            self.withheld.append(address)
        return words

    def _marker(self, match: re.Match[str]) -> str:
        space, numbers = match.group(1), numbers_in_marker(match.group(2))
        given = [number for number in numbers if number in self._numbers]
        self.dropped += len(numbers) - len(given)
        return space + "".join(f"[{number}]" for number in given) if given else ""


def numbers_in_marker(inside: str) -> list[int]:
    """Return the numbers of a marker's inside (`1,3` or `2-4`), each once, in order."""
    text = unicodedata.normalize("NFKC", inside)
    numbers: list[int] = []
    for match in _RANGE.finditer(text):
        first, last = int(match.group(1)), int(match.group(2))
        if first < last <= first + 10:
            numbers.extend(range(first, last + 1))
    numbers.extend(int(number) for number in re.findall(r"\d+", text))
    return sorted(dict.fromkeys(numbers))


def as_plain_text(quote: str) -> str:
    """Return a document's words so that no reader of Markdown or HTML makes a link, an image or an active tag of them,
    and its own numbers in brackets are not taken for citations: another program may show an answer that quotes them."""

    def words(link: re.Match[str]) -> str:
        return f"{link[1]} ({link[2]})" if _SHOWN_ADDRESS.match(link[2]) else link[1]

    text = CLEAN_MARKER.sub(r"(\1)", _DEFINITION.sub("] ", _LINK.sub(words, quote)))
    return _ACTIVE.sub("< ", text).replace("](", "] (")  # a link may be cut by the end of a sentence in its address


def without_markers(text: str) -> str:
    """Return the text without its `[n]` markers and the spaces that they leave."""
    return re.sub(r"\s*\[\d{1,3}\]", "", text)
