"""Putting a question set to a running platform through its API, as any program would."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from inference.evaluation.metrics import FoundPassage, measure_answer, measure_citations, measure_ranking
from inference.evaluation.question_set import EvaluationQuestion
from inference.evaluation.runs import QuestionResult
from kb_platform.domain.errors import KnowledgeBaseError, NotAuthenticated
from web.cli.client import call
from web.cli.question_files import PassageFile

SEARCHED = 20
"""Passages asked for: a document with several of them counts once among the ten."""
BATCH = 50
UNFINISHED = frozenset({"queued", "parsing", "embedding"})
POLL_SECONDS = 1.0
_MARKER = re.compile(r"\s?\[\d+\]")


def upload_passages(
    client: httpx.Client, base_id: str, passages: Sequence[PassageFile], progress: Callable[[int], None]
) -> list[str]:
    """Upload the passages as documents and wait until they are read; return what could not be, with the reason."""
    refused: list[str] = []
    path = f"/knowledge-bases/{base_id}/documents"
    for first in range(0, len(passages), BATCH):
        files = [("files", (p.name, p.content)) for p in passages[first : first + BATCH]]
        # Two passages of a set may be equal; both are somebody's right answer.
        result = call(client, "POST", path, files=files, data={"duplicates": "keep"})
        refused += [f"{file['name']}: {file['message']}" for file in result["rejected"]]
    while True:
        documents = call(client, "GET", path)["documents"]
        waiting = sum(document["state"] in UNFINISHED for document in documents)
        progress(len(documents) - waiting)
        if not waiting:
            failed = [document for document in documents if document["state"] == "failed"]
            return refused + [f"{document['name']}: {document['error_message']}" for document in failed]
        time.sleep(POLL_SECONDS)


def evaluate_question(
    client: httpx.Client, base_id: str, question: EvaluationQuestion, answers: bool, thinking: bool
) -> QuestionResult:
    """Search for the question and, with `answers`, ask it in a conversation of its own, which is deleted afterwards.
    An error of the platform is the question's result; only a lost sign-in ends the evaluation."""
    values: dict[str, float] = {}
    expected = tuple(one for group in question.answer_groups for one in group)
    found: tuple[str, ...] = ()
    answer, abstained = "", False
    try:
        began = time.perf_counter()
        search = {"query": question.text, "knowledge_base_ids": [base_id], "limit": SEARCHED}
        hits = [_passage(hit) for hit in call(client, "POST", "/searches", json=search)["hits"]]
        values["seconds_search"] = time.perf_counter() - began
        values |= measure_ranking(question, hits)
        found = tuple(dict.fromkeys(hit.document_name for hit in hits))[:10]
        if answers:
            turn, seconds = _ask(client, base_id, question.text, thinking)
            answer, abstained = turn["answer"], turn["abstained"]
            values |= {"seconds": seconds, **_measure_turn(question, turn)}
    except NotAuthenticated:
        raise
    except KnowledgeBaseError as error:
        return QuestionResult(question.id, question.text, values, expected, answer, abstained, found, error.message)
    return QuestionResult(question.id, question.text, values, expected, answer, abstained, found)


def _ask(client: httpx.Client, base_id: str, text: str, thinking: bool) -> tuple[dict[str, Any], float]:
    conversation = call(client, "POST", "/conversations", json={"knowledge_base_ids": [base_id]})["id"]
    try:
        began = time.perf_counter()
        body = {"question": text, "stream": False, "thinking": thinking}
        turn: dict[str, Any] = call(client, "POST", f"/conversations/{conversation}/turns", json=body)
        seconds = time.perf_counter() - began
    finally:
        call(client, "DELETE", f"/conversations/{conversation}")
    if turn["state"] != "done":
        raise KnowledgeBaseError(turn["error"] or f"The answer ended as {turn['state']}.")
    return turn, seconds


def _measure_turn(question: EvaluationQuestion, turn: dict[str, Any]) -> dict[str, float]:
    sources = {source["number"]: _passage(source) for source in turn["sources"]}
    cited = [citation for citation in turn["citations"] if citation["number"] in sources]
    usage = turn["usage"] or {}
    measured = measure_answer(question, _MARKER.sub("", turn["answer"]), turn["abstained"])
    if not turn["abstained"]:
        measured |= measure_citations(
            question,
            [sources[citation["number"]] for citation in cited],
            [citation["support"] == "supported" for citation in cited if citation["support"] != "not_needed"],
        )
    tokens = sum(usage.get(name, 0) for name in ("prompt_tokens", "reasoning_tokens", "answer_tokens"))
    return measured | ({"tokens": float(tokens)} if tokens else {})


def _passage(found: dict[str, Any]) -> FoundPassage:
    return FoundPassage(found["document_name"], found["chunk_id"], found["text"])
