"""The order in which a page is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

_MOST_PARTS = 250
_COLUMN_HEIGHT = 32.0
"""Points from which a stack of lines counts as a column (three lines of a usual text)."""


class Placed(Protocol):
    """Something with a box on the page; `order` is its place in the file."""

    @property
    def x0(self) -> float: ...
    @property
    def y0(self) -> float: ...
    @property
    def x1(self) -> float: ...
    @property
    def y1(self) -> float: ...
    @property
    def order(self) -> int: ...


Part = TypeVar("Part", bound=Placed)


def in_reading_order(parts: Sequence[Part]) -> list[Part]:
    """Return the parts as they are read: down a column before the next one begins.

    Breuel 2003 ("High Performance Document Layout Analysis"): a part comes before one that it stands above, and before
    one to its right unless something between them spans both. Where that leaves a choice, the file's order decides.
    """
    if len(parts) < 2:
        return list(parts)
    given = sorted(parts, key=lambda part: part.order)
    if len(given) > _MOST_PARTS:
        return given
    before = _relations(given)
    waiting = before.sum(axis=0)
    left = set(range(len(given)))
    ordered = []
    while left:
        free = [index for index in left if waiting[index] == 0]
        index = min(free) if free else min(left, key=lambda other: (waiting[other], other))
        left.discard(index)
        waiting -= before[index]
        ordered.append(given[index])
    return ordered


def _relations(parts: Sequence[Placed]) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Return the matrix whose [a, b] says that a comes before b."""
    x0, y0, x1, y1 = (np.array([getattr(part, name) for part in parts]) for name in ("x0", "y0", "x1", "y1"))
    narrower = np.minimum((x1 - x0)[:, None], (x1 - x0)[None, :])
    shared = np.minimum(x1[:, None], x1[None, :]) - np.maximum(x0[:, None], x0[None, :])
    overlap = shared > 0.1 * narrower
    middle = (y0 + y1) / 2
    above = middle[:, None] < middle[None, :]
    left = (x1[:, None] <= x0[None, :] + 0.1 * narrower) & ~overlap
    count = len(parts)
    spanned = np.zeros((count, count), dtype=bool)
    for between in range(count):
        spans = overlap[between][:, None] & overlap[between][None, :]
        lies = (y0[between] >= np.minimum(middle[:, None], middle[None, :])) & (
            y1[between] <= np.maximum(middle[:, None], middle[None, :])
        )
        spanned |= spans & lies
    # a short piece (a heading set out to the left) is no column: then only what stands beside it comes after it
    beside = np.minimum(y1[:, None], y1[None, :]) - np.maximum(y0[:, None], y0[None, :]) > 0
    tall = y1 - y0 > _COLUMN_HEIGHT
    before = (overlap & above) | (left & ~spanned & (beside | (tall[:, None] & tall[None, :])))
    np.fill_diagonal(before, False)
    both = before & before.T
    before &= ~(both & ~above)
    relations: np.ndarray[tuple[int, int], np.dtype[np.int32]] = before.astype(np.int32)
    return relations
