"""How near the text of a file comes to its truth file."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from pathlib import Path

_TOKEN = re.compile(r"[a-z0-9]+|[^\W\d_a-z]", re.UNICODE)


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case, each Chinese character a word."""
    return _TOKEN.findall(text.lower())


def plain(truth: str) -> str:
    """Take Markdown's and HTML's marks off."""
    text = re.sub(r"<!--.*?-->|\]\([^)\s]*\)|<[^>\n]{1,200}>", " ", truth)
    return re.sub(r"&(?:amp|lt|gt|nbsp|#x27|quot);|\\(?=[_*#|])", " ", text)


def similarity(text: str, truth: Path) -> float | None:
    """Return 2·M/T over words (M matching in order, T all), as difflib counts it; None where the truth is TeX."""
    if truth.suffix == ".tex":
        return None
    words = tokens(plain(truth.read_text(encoding="utf-8", errors="replace")))
    return SequenceMatcher(None, tokens(text), words, autojunk=False).ratio()
