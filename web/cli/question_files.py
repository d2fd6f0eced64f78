"""Question sets on disk: a folder with `queries.jsonl` and `corpus.jsonl`, one JSONL file, or a CSV of one's own."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from inference.evaluation.question_set import EvaluationQuestion, document_name, read_csv, read_jsonl
from kb_platform.domain.errors import InvalidInput

T = TypeVar("T")
SEED = 0
FEW_TITLES = 5
"""A corpus with no more different titles than this has kinds for titles (“table”, “paragraph”)."""


@dataclass(frozen=True, slots=True)
class PassageFile:
    """A passage as it is uploaded: the document's name carries its id."""

    name: str
    content: bytes


def load_questions(path: Path, most: int = 0) -> list[EvaluationQuestion]:
    """Return the questions, or `most` of them (0: all), the same ones at each run. Raises InvalidInput."""
    file = path / "queries.jsonl" if path.is_dir() else path
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read as a question set: {error}") from error
    questions = read_csv(text) if file.suffix.lower() == ".csv" else read_jsonl(text)
    return _some(questions, most) if 0 < most < len(questions) else questions


def load_passages(folder: Path, questions: Sequence[EvaluationQuestion], most: int = 0) -> list[PassageFile]:
    """Return the corpus as files: the passages of the questions and others up to `most` (0: all), the same ones at each
    run. Raises InvalidInput where the folder holds no corpus."""
    rows = _rows(folder / "corpus.jsonl")
    if most:
        wanted = {gold.document for question in questions for gold in question.gold} | _near_misses(folder, questions)
        needed = [row for row in rows if document_name(str(row["id"])) in wanted]
        others = [row for row in rows if document_name(str(row["id"])) not in wanted]
        rows = needed + _some(others, max(0, min(len(others), most - len(needed))))
    titled = len({row.get("title", "") for row in rows}) > FEW_TITLES
    return [
        PassageFile(
            document_name(str(row["id"])),
            (f"# {row['title']}\n\n{row['text']}" if titled and row.get("title") else row["text"]).encode(),
        )
        for row in rows
    ]


def _some(of: Sequence[T], number: int) -> list[T]:
    return random.Random(SEED).sample(of, number)  # noqa: S311 - a sample, not a secret


def _near_misses(folder: Path, questions: Sequence[EvaluationQuestion]) -> set[str]:
    """Return the passages that are on the topic of unanswerable questions: without them silence would be easy."""
    asked = {question.id for question in questions}
    return {
        document_name(str(row["near_miss_id"]))
        for row in _rows(folder / "queries.jsonl")
        if row.get("near_miss_id") and str(row.get("id")) in asked
    }


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
