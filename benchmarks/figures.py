"""What a benchmark prints: one JSON line a figure on standard output."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `n` counts what it was measured on; `ci` is its 95 % confidence interval where known."""

    bench: str
    figure: str
    value: float
    unit: str
    n: int
    ci: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"{self.bench} {self.figure}: {self.value} is no measurement")

    def as_json(self) -> str:
        """Return the figure's line, without its newline."""
        return json.dumps(asdict(self), ensure_ascii=False)


def print_figures(figures: Iterable[Figure]) -> None:
    """Print each figure as soon as it comes, so that a run that is cut off keeps what it measured."""
    for figure in figures:
        print(figure.as_json(), flush=True)


def progress(text: str) -> None:
    """Say on standard error what is being measured."""
    print(text, file=sys.stderr, flush=True)
