"""What stays of a conversation whose prompt is too long: passages by what they add, the newest turns, a summary of the
rest.

1. the passage of most value, the last turn, and the other passages found for this question, each by what it adds to
   those already chosen;
2. of what was there before, newest first, only as much as leaves room for the questions to come: earlier turns, then
   passages of earlier questions. A running summary stands for the turns that go.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from inference.layout import Layout, Placed, build_messages
from inference.prompts import QUESTION, SYSTEM, language_of, render_passage
from inference.summary import SUMMARY_TOKENS, extract_summary
from inference.token_counts import count_text
from kb_platform.domain.answer import PastTurn, Source
from kb_platform.domain.plan import DroppedBecause, DroppedPart

COMPACTED = 0.6
"""Part of the room that earlier turns and passages may fill when the conversation is laid out anew."""
SUMMARY_SHARE = 0.125
CARRIED_VALUE = 0.25
"""What a passage of an earlier question is worth beside the best one of this question."""
REPEATED = 0.9
"""Share of a passage's letters that stands in chosen ones already, from which it adds nothing."""
SHINGLE = 6


@dataclass(frozen=True, slots=True)
class Kept:
    """`newly_dropped` are the turns that went this time, for a summary."""

    layout: Layout
    dropped: tuple[DroppedPart, ...]
    newly_dropped: tuple[PastTurn, ...] = ()


async def lay_out_anew(
    whole: Layout,
    found: Sequence[Source],
    carried: Sequence[Source],
    told: tuple[DroppedPart, ...],
    bound: int,
    limit: int,
    bound_of: Callable[[Layout], Awaitable[int]],
) -> tuple[Kept, int]:
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
) -> Kept:
    """Return what is kept within `room` tokens, as DeepSeek's tokenizer counts."""
    used = count_text(SYSTEM[language_of(whole.question)]) + count_text(as_asked(whole.question))
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
            cost = passage_tokens(best)
            if _repeated(best, chosen) >= REPEATED:
                dropped.append(as_dropped(best, DroppedBecause.REPEATS))
            elif used + cost > most:
                dropped.append(as_dropped(best, DroppedBecause.NO_ROOM))
            else:
                chosen.append(best)
                used += cost

    def keep(turn: PastTurn, most: int) -> bool:
        nonlocal used
        cost = turn_tokens(turn)
        if used + cost > most:
            return False
        turns.insert(0, turn)
        used += cost
        return True

    if found and used + passage_tokens(found[0]) <= room:
        chosen.append(found[0])
        used += passage_tokens(found[0])
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
    return Kept(layout, (*told, *(as_dropped(turn, reason) for turn in gone), *dropped), gone)


def dropped_parts(kept: Kept) -> tuple[DroppedPart, ...]:
    """Without a summary nothing stands for the dropped turns."""
    if kept.layout.summary:
        return kept.dropped
    return tuple(replace(part, reason=DroppedBecause.NO_ROOM) if part.kind == "turn" else part for part in kept.dropped)


def as_dropped(part: PastTurn | Source, reason: DroppedBecause) -> DroppedPart:
    """Return the part as the plan names it."""
    if isinstance(part, PastTurn):
        return DroppedPart("turn", part.question[:120], turn_tokens(part), reason)
    name = part.hit.document_title or part.hit.document_name
    return DroppedPart("passage", f"[{part.number}] {name}"[:120], passage_tokens(part), reason)


def as_asked(question: str) -> str:
    """Return the question as the prompt ends with it."""
    return QUESTION[language_of(question)].format_map({"question": question})


def passage_tokens(source: Source) -> int:
    """Return what the passage takes of a prompt, as DeepSeek's tokenizer counts."""
    return count_text(render_passage(source)) + 1


def turn_tokens(turn: PastTurn) -> int:
    """Return what question and answer take of a prompt, likewise."""
    return count_text(as_asked(turn.question)) + count_text(turn.answer)


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
