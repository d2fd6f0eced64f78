"""Passages that say nothing new."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from kb_platform.domain.chunk import Hit

SHORTEST = 20
"""Letters and digits; a shorter passage that another one happens to hold may well mean something else."""


def distinct(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Yield the hits without those whose every letter and digit stands, in order, in a better one: the same notice as
    PDF and as DOCX, a passage quoted whole. Marks, spaces, width and case do not count; a single other letter or
    digit does, since it may be the one that matters."""
    said: list[str] = []
    for hit in hits:
        letters = _letters(hit.text)
        if any(letters == before or (len(letters) >= SHORTEST and letters in before) for before in said):
            continue
        said.append(letters)
        yield hit


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
