"""Question sets: the uniform JSONL of labelled sets, and a user's own CSV.

JSONL, one question a line: `question`, and of the rest what is known: `id`, `answers` (each right by itself),
`answer_groups` (one member of each is wanted), `gold_ids` (passages; loaded as documents whose name is the id),
`unanswerable`, and for documents of one's own `document` (a file's name) and `words` (that the right passage holds),
or several of them in `passages`. Exported feedback has this form.

CSV with a heading row: `question`, `answer` (several separated by |), `document`, `words`, `unanswerable`; also in
Chinese: 问题, 答案, 文档, 原文, 无答案.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from kb_platform.domain.errors import InvalidInput

SUFFIX = ".md"
COLUMNS = {
    "问题": "question",
    "答案": "answer",
    "文档": "document",
    "原文": "words",
    "无答案": "unanswerable",
    "编号": "id",
}
YES = frozenset({"1", "true", "yes", "y", "x", "是"})


@dataclass(frozen=True, slots=True)
class GoldPassage:
    """A passage that should be found: in the file of this name, holding these words (empty: not asked for)."""

    document: str
    words: str = ""

    def matches(self, document_name: str, text: str) -> bool:
        """Say whether a passage found is this one. A file's name may lack its folder and its suffix."""
        if self.document and not _same_name(self.document, document_name):
            return False
        return not self.words or letters(self.words) in letters(text)


@dataclass(frozen=True, slots=True)
class EvaluationQuestion:
    """`answer_groups`: one member of each group is wanted in the answer. Unanswerable: the right answer is none."""

    id: str
    text: str
    answer_groups: tuple[tuple[str, ...], ...] = ()
    gold: tuple[GoldPassage, ...] = ()
    unanswerable: bool = False


def read_jsonl(text: str) -> list[EvaluationQuestion]:
    """Return the questions. Raises InvalidInput with the line that cannot be read."""
    questions = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or not str(row["question"]).strip():
                raise ValueError("no question")
        except (ValueError, KeyError) as error:
            raise InvalidInput(f"Line {number} of the question set is not a question in JSON: {error}.") from error
        questions.append(_from_json(row, number))
    return _checked(questions)


def read_csv(text: str) -> list[EvaluationQuestion]:
    """Return the questions. Raises InvalidInput where there is no column `question`."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    names = {name: COLUMNS.get(name.strip(), name.strip().lower()) for name in rows.fieldnames or ()}
    if "question" not in names.values():
        raise InvalidInput("The CSV's first line must name its columns; one of them is `question` (or 问题).")
    questions = []
    for number, raw in enumerate(rows, start=1):
        row = {names[name]: (value or "").strip() for name, value in raw.items() if name in names}
        if not row.get("question"):
            continue
        answers = tuple(part.strip() for part in row.get("answer", "").split("|") if part.strip())
        gold = GoldPassage(row.get("document", ""), row.get("words", ""))
        questions.append(
            EvaluationQuestion(
                row.get("id") or str(number),
                row["question"],
                (answers,) if answers else (),
                (gold,) if gold.document or gold.words else (),
                row.get("unanswerable", "").lower() in YES,
            )
        )
    return _checked(questions)


def document_name(passage_id: str) -> str:
    """Return the name under which a set's passage is uploaded: it carries the id."""
    return quote(passage_id, safe="") + SUFFIX


def letters(text: str) -> str:
    """Return the text without case, spaces, punctuation and markup, for comparing words."""
    return re.sub(r"[\W_]+", "", text.casefold())


def _from_json(row: Mapping[str, Any], number: int) -> EvaluationQuestion:
    groups = row.get("answer_groups") or ([row["answers"]] if row.get("answers") else [])
    gold = [GoldPassage(document_name(str(id_))) for id_ in row.get("gold_ids") or ()]
    for passage in [row, *(row.get("passages") or ())]:
        if passage.get("document") or passage.get("words"):
            gold.append(GoldPassage(str(passage.get("document") or ""), str(passage.get("words") or "")))
    return EvaluationQuestion(
        str(row.get("id") or number),
        str(row["question"]),
        tuple(tuple(str(answer) for answer in group) for group in groups),
        () if row.get("unanswerable") else tuple(gold),
        bool(row.get("unanswerable")),
    )


def _checked(questions: list[EvaluationQuestion]) -> list[EvaluationQuestion]:
    if not questions:
        raise InvalidInput("The question set holds no question.")
    return questions


def _same_name(wanted: str, name: str) -> bool:
    wanted_path, path = PurePosixPath(wanted.casefold()), PurePosixPath(name.casefold())
    return wanted_path.name in (path.name, path.stem)
