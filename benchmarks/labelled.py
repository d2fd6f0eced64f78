"""Rows of the labelled sets beside the checkout, as passages and hits, and shares with their intervals."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from inference.terms import normalise
from kb_platform.domain.chunk import Hit, Scores

EVALUATION = Path(__file__).resolve().parents[2] / "shared" / "eval"


def read_rows(name: str, part: str) -> list[dict[str, Any]]:
    """Return the rows of `corpus` or `queries` of a set. Raises FileNotFoundError where the data is not there."""
    return [json.loads(line) for line in (EVALUATION / name / f"{part}.jsonl").read_text("utf-8").splitlines()]


def as_hit(row: dict[str, Any], dense: float) -> Hit:
    """Return a row of a corpus as the passage of a document that holds nothing else."""
    title = row.get("title", "")
    return Hit(
        row["id"], "set", row["id"], row["id"], title, title, 0, 0, len(row["text"]), row["text"],
        scores=Scores(dense=dense),
    )  # fmt: skip


def letters(text: str) -> str:
    """Return the text's letters and digits alone, in one form."""
    return re.sub(r"[\W_]+", "", normalise(text))


def share(name: str, part: int, of: int) -> Figure:
    """Return a share of the benchmark `answers` with its 95 % interval (Wilson)."""
    if not of:
        return Figure("answers", name, 0.0, "share", 0)
    value, z = part / of, 1.96
    middle = (value + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(value * (1 - value) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return Figure(
        "answers", name, round(value, 4), "share", of,
        (round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)),
    )  # fmt: skip
