"""How the pages of a document are set: letter sizes, line pitch, columns' reach, running heads."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.parsers.page_lines import Line, PageContent, TableArea

_NEAR = 25
"""How many lines before and after one are looked at for its column's reach."""
_NUMBER_AT_END = re.compile(r"^(\d{1,4})\s+\D|\D\s+(\d{1,4})$")
_RUNNING_CHARACTERS = 120
_TITLE_LETTERS = 2
_MARGIN = 0.13
"""Share of the page's height at its top and bottom in which running heads stand."""
_PAGE_NUMBER = re.compile(
    r"^[\W_]*(?:(?:page|p\.|第|页码[:：]?|—|-)\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|/|共|from)\s*\d{1,4})?\s*(?:页|頁)?[\W_]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Letter sizes of the document: the body's, and those that headings have, largest first."""

    body: float
    headings: tuple[float, ...]

    def level(self, size: float) -> int:
        """Return a heading's level by its size; 0 when letters of this size are the body's."""
        if size < self.body * 1.12:
            return 0
        return min(4, 1 + sum(larger > size * 1.05 for larger in self.headings))


@dataclass(frozen=True, slots=True)
class Layout:
    """How a page is set: for each line (by order) how far right its column reaches, and the usual line pitch."""

    reach: Mapping[int, float]
    pitch: float


def running_heads(pages: Sequence[PageContent]) -> set[tuple[int, int]]:
    """Find lines at the top or bottom edge that repeat from page to page, and page numbers; as (page, order)."""
    if len(pages) < 3:
        return set()
    places: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    numbers: dict[int, list[tuple[int, int]]] = defaultdict(list)
    numbered: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for page in pages:
        for line in page.lines:
            share = line.middle / page.height if page.height else 0.5
            if _MARGIN < share < 1 - _MARGIN:
                continue
            edge = 0 if share <= _MARGIN else 1
            if _PAGE_NUMBER.match(line.text):
                numbers[edge].append((page.number, line.order))
            else:
                shape = re.sub(r"\d+|\b[ivxlc]+$", "#", line.text.lower()).replace(" ", "")
                places[shape, edge].append((page.number, line.order))
                if len(line.text) <= _RUNNING_CHARACTERS and (number := _NUMBER_AT_END.search(line.text)):
                    # "Chapter 3. Fees 19", "20 Study rules": as far from the page's place in the file on every page
                    numbered[edge, int(number.group(1) or number.group(2)) - page.number].append(
                        (page.number, line.order)
                    )
    found: set[tuple[int, int]] = set()
    filled = sum(bool(page.parts) for page in pages)
    for where in places.values():
        on_pages = len({number for number, _ in where})
        if on_pages >= 8 or (on_pages >= 3 and on_pages >= 0.3 * filled):
            found.update(where)
    for where in numbered.values():
        on_pages = len({number for number, _ in where})
        if on_pages >= 5 and on_pages >= 0.3 * filled:
            found.update(where)
    for where in numbers.values():
        if len({number for number, _ in where}) >= 0.4 * filled:
            found.update(where)
    return found


def sizes_of(pages: Sequence[PageContent], running: set[tuple[int, int]]) -> Sizes:
    characters: Counter[float] = Counter()
    worded: set[float] = set()  # a sum sign is larger than the text and no heading
    for page in pages:
        for line in page.lines:
            upright = line.height <= line.x1 - line.x0 or len(line.text) < 3
            if upright and (page.number, line.order) not in running:
                size = round(line.size * 2) / 2
                characters[size] += len(line.text)
                if size not in worded and sum(map(str.isalpha, line.text)) >= _TITLE_LETTERS:
                    worded.add(size)
    if not characters:
        return Sizes(10.0, ())
    body = characters.most_common(1)[0][0]
    larger = sorted((size for size in worded if size >= body * 1.12), reverse=True)
    distinct: list[float] = []
    for size in larger:
        if not distinct or size < distinct[-1] * 0.95:
            distinct.append(size)
    return Sizes(body, tuple(distinct))


def pitch_of(parts: Sequence[Line | TableArea]) -> float:
    """Return the usual distance from line to line on a page."""
    steps = []
    for above, below in itertools.pairwise(parts):
        if isinstance(above, Line) and isinstance(below, Line) and above.x0 < below.x1 and below.x0 < above.x1:
            step = below.middle - above.middle
            if 0.5 * below.height < step < 4 * below.height:
                steps.append(step)
    if not steps:
        return 0.0
    steps.sort()
    return steps[int(0.4 * len(steps))]


def reach_of(parts: Sequence[Line | TableArea]) -> dict[int, float]:
    """Return for each line (by order) how far right the lines of its column reach."""
    lines = [part for part in parts if isinstance(part, Line)]
    if not lines:
        return {}
    x0, x1, size = (np.array([getattr(line, name) for line in lines]) for name in ("x0", "x1", "size"))
    near = np.arange(len(lines))[:, None] + np.arange(-_NEAR, _NEAR + 1)
    inside = (near >= 0) & (near < len(lines))
    near = np.clip(near, 0, len(lines) - 1)
    beside = inside & (np.abs(x0[near] - x0[:, None]) < 3 * np.maximum(size[near], size[:, None]))
    ends = np.sort(np.where(beside, x1[near], np.inf), axis=1)
    last = (0.85 * (beside.sum(axis=1) - 1)).astype(int)
    return dict(zip((line.order for line in lines), ends[np.arange(len(lines)), last].tolist(), strict=True))
