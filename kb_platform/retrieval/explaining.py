"""Why a passage was found: its place in each stage's order, and the question's words in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kb_platform.domain.chunk import Scores
from kb_platform.index.sparse import is_chinese, terms

_WORD = re.compile(r"[^\W_]+(?:[-./_:'’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Places:
    """A passage's place (from 1) among the candidates by each stage's score; None where the stage did not see it."""

    dense: int | None
    sparse: int | None
    fused: int | None
    reranked: int | None = None
    dense_other: int | None = None


def places_of(ranked: Sequence[tuple[str, Scores]]) -> dict[str, Places]:
    """Return each candidate's places."""

    def order(score: Callable[[Scores], float | None]) -> dict[str, int]:
        scored = [(value, id_) for id_, scores in ranked if (value := score(scores)) is not None]
        return {id_: place for place, (_, id_) in enumerate(sorted(scored, key=lambda one: -one[0]), start=1)}

    stages = [
        order(score)
        for score in (
            lambda s: s.dense,
            lambda s: s.sparse,
            lambda s: s.fused,
            lambda s: s.reranked,
            lambda s: s.dense_other,
        )
    ]
    return {id_: Places(*(stage.get(id_) for stage in stages)) for id_, _ in ranked}


def matched_spans(query: str, text: str) -> list[tuple[int, int]]:
    """Return the characters [start, end) of a passage that carry a term of the query, in order, none overlapping."""
    wanted = set(terms(query))
    spans = [m.span() for m in _WORD.finditer(text) if not is_chinese(m.group()) and wanted & set(terms(m.group()))]
    for term in wanted:
        if is_chinese(term):
            spans += [m.span() for m in re.finditer(re.escape(term), text)]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
