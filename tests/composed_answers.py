"""An answer as the composer makes it of a model's text that comes in pieces."""

from __future__ import annotations

import random

from inference.composing import AnswerComposer
from inference.prompts import Language
from kb_platform.domain.answer import Flag, Source


def compose_in_pieces(text: str, seed: int, source: Source, question: str = "") -> tuple[str, list[Flag]]:
    """Return the answer and its flags, the text given in pieces of up to nine characters that `seed` decides."""
    cut, at = random.Random(seed), 0
    composer = AnswerComposer([source], Language.ENGLISH, question)
    flags: list[Flag] = []
    while at < len(text):
        size = cut.randint(1, 9)
        flags += composer.feed(text[at : at + size]).flags
        at += size
    flags += composer.finish().flags
    return composer.text, flags
