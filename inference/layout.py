"""The conversation as the model sees it, in an order that a server's prefix cache can use.

    rules · passages · running summary · earlier questions and answers · question

A prompt begins with all that the conversation's last prompt held, to the letter: a passage keeps its number and its
place, and what a later question adds stands right before that question. Only where the window is full is the
conversation laid out anew, with the passages that stay in front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.llm import Message
from inference.prompts import QUESTION, SUMMARY, SYSTEM, language_of, render_passages
from kb_platform.domain.answer import PastTurn, Source
from kb_platform.domain.plan import PlacedPassage, Summary


@dataclass(frozen=True, slots=True)
class Placed:
    """A passage that stands before the question of turn `turn`."""

    source: Source
    turn: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A prompt before it is written out: turn `number` asks `question` after `turns` (oldest first)."""

    question: str
    number: int
    turns: tuple[PastTurn, ...] = ()
    passages: tuple[Placed, ...] = ()
    summary: Summary | None = None

    @property
    def placed(self) -> tuple[PlacedPassage, ...]:
        """Return where each passage stands, by number."""
        first, *_ = self._numbers
        there = set(self._numbers)
        return tuple(
            PlacedPassage(p.source.number, p.source.hit.chunk_id, p.turn if p.turn in there else first)
            for p in sorted(self.passages, key=lambda p: p.source.number)
        )

    @property
    def _numbers(self) -> list[int]:
        return [*(turn.number for turn in self.turns), self.number]


def build_messages(layout: Layout) -> tuple[Message, ...]:
    """Return the messages. The language of the rules is the question's."""
    sources = {p.source.number: p.source for p in layout.passages}
    before: dict[int, list[Source]] = {}
    for place in layout.placed:
        before.setdefault(place.turn, []).append(sources[place.number])
    messages: list[Message] = [{"role": "system", "content": SYSTEM[language_of(layout.question)]}]
    summary = layout.summary
    for turn in layout.turns:
        messages.append({"role": "user", "content": _asked(turn.question, before.get(turn.number, ()), summary)})
        messages.append({"role": "assistant", "content": turn.answer})
        summary = None
    messages.append({"role": "user", "content": _asked(layout.question, before.get(layout.number, ()), summary)})
    return tuple(messages)


def _asked(question: str, passages: Sequence[Source], summary: Summary | None) -> str:
    language = language_of(question)
    parts = [render_passages(passages, language)] if passages else []
    if summary:
        parts.append(SUMMARY[language].format_map({"summary": summary.text}))
    parts.append(QUESTION[language].format_map({"question": question}))
    return "\n\n".join(parts)
