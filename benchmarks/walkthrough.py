"""The whole path as a person walks it: upload real files, ask twenty questions, open every citation.

`opened_right_share`: of all citations given, those whose highlighted characters are the evidence, letter for letter.
`answered_right`: answerable questions whose cited evidence holds the expected words. `silent_right`: questions that
the documents do not answer and that got no answer.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figures import Figure, progress
from benchmarks.platform import ROOT, make_knowledge_base, running_platform, upload, wait_until_read

NAME = "walkthrough"
DOCUMENTS = ROOT.parent / "shared" / "eval" / "documents"
QUESTIONS = Path(__file__).parent / "questions" / "walkthrough.jsonl"
FORMATS = frozenset({"pdf", "docx", "pptx", "xlsx", "csv", "html", "md", "txt"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What one question brought. `words_right`: the evidence holds the expected words; `opened`, `opened_right`:
    citations opened, and those that showed exactly their evidence."""

    answerable: bool
    abstained: bool
    words_right: bool
    opened: int
    opened_right: int


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures. `quick` uploads only the files that the questions are about."""
    questions = [json.loads(line) for line in QUESTIONS.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as folder, running_platform(Path(folder)) as platform:
        knowledge_base_id = make_knowledge_base(platform.client, "walkthrough")
        paths = _paths({question["document"] for question in questions} if quick else None)
        for path in paths:
            upload(platform.client, knowledge_base_id, [path])
        documents = wait_until_read(platform.client, knowledge_base_id)
        for document in documents:
            if document["state"] == "failed":
                progress(f"failed: {document['name']}: {document['error_code']}: {document['error_message']}")
        ready = sum(document["state"] == "ready" for document in documents)
        yield Figure(NAME, "ready_share", ready / len(paths), "share", len(paths))
        asked = [_ask(platform.client, knowledge_base_id, question) for question in questions]
    answerable = [one for one in asked if one.answerable]
    silent = [one for one in asked if not one.answerable]
    opened = sum(one.opened for one in asked)
    yield Figure(NAME, "answered_right", sum(one.words_right for one in answerable), "questions", len(answerable))
    yield Figure(NAME, "silent_right", sum(one.abstained for one in silent), "questions", len(silent))
    yield Figure(NAME, "opened_right_share", sum(one.opened_right for one in asked) / max(opened, 1), "share", opened)


def _paths(names: set[str | None] | None) -> list[Path]:
    rows = [json.loads(line) for line in (DOCUMENTS / "manifest.jsonl").read_text().splitlines()]
    paths = [DOCUMENTS / row["file"] for row in rows if row["expect"] == "parse" and row["ext"] in FORMATS]
    by_name: dict[str, Path] = {}
    for path in paths:
        by_name.setdefault(path.name, path)  # two files of one name would be two versions of one document
    return [path for name, path in by_name.items() if names is None or name in names]


def _ask(client: httpx.Client, knowledge_base_id: str, question: dict[str, Any]) -> Asked:
    conversation = client.post("/api/v1/conversations", json={"knowledge_base_ids": [knowledge_base_id]})
    conversation.raise_for_status()
    answer = client.post(
        f"/api/v1/conversations/{conversation.json()['id']}/turns",
        json={"question": question["question"], "stream": False},
    )
    answer.raise_for_status()
    turn = answer.json()
    sources = {source["number"]: source for source in turn["sources"]}
    evidence = [_open(client, sources[citation["number"]], citation) for citation in turn["citations"]]
    text = "\n".join(wanted for wanted, _shown in evidence)
    words_right = bool(evidence) and all(words in text for words in question["evidence"])
    opened_right = sum(_letters(wanted) == _letters(shown) for wanted, shown in evidence)
    answerable = question["document"] is not None
    progress(f"{question['id']}. {question['question']}\n   {turn['answer']}")
    if answerable and not words_right:
        progress(f"   NOT RIGHT: expected {question['evidence']} of {question['document']}; evidence: {text!r}")
    if not answerable and not turn["abstained"]:
        progress("   NOT RIGHT: the documents hold no answer")
    return Asked(answerable, turn["abstained"], words_right, len(evidence), opened_right)


def _open(client: httpx.Client, source: dict[str, Any], citation: dict[str, Any]) -> tuple[str, str]:
    """Return the evidence's characters and the characters that the highlight covers."""
    start, end = citation["evidence_start"], citation["evidence_end"]
    where = f"/api/v1/documents/{source['document_id']}"
    content = client.get(f"{where}/content", params={"version_id": source["version_id"]}).raise_for_status()
    highlights = client.get(
        f"{where}/highlights", params={"version_id": source["version_id"], "start": start, "end": end}
    ).raise_for_status()
    text = content.json()["text"]
    segments = highlights.json()["segments"]
    return text[start:end], "".join(text[segment["start"] : segment["end"]] for segment in segments)


def _letters(text: str) -> str:
    """Letters and digits only: separators of table cells and line ends belong to no segment."""
    return "".join(character for character in text if character.isalnum())
