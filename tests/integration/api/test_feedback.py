"""What readers say of answers, who sees it, and what becomes of it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx

from inference.evaluation.question_set import read_jsonl
from tests.integration.api.conftest import Rules

QUESTION = "申请转专业的平均绩点不得低于多少？"


def asked(client: httpx.Client, rules: Rules, question: str = QUESTION) -> tuple[str, dict[str, Any]]:
    conversation = client.post("/api/v1/conversations", json={"knowledge_base_ids": [rules.base]}).json()["id"]
    path = f"/api/v1/conversations/{conversation}/turns"
    turn: dict[str, Any] = client.post(path, json={"question": question, "stream": False}).json()
    return f"{path}/{turn['id']}/feedback", turn


def exported(client: httpx.Client, turn_id: str) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/feedback/questions")
    assert answer.status_code == 200, answer.text
    rows = [json.loads(line) for line in answer.text.splitlines()]
    return [row for row in rows if row["id"] == turn_id]


def test_feedback_is_kept_changed_and_taken_back(reader: httpx.Client, rules: Rules) -> None:
    path, turn = asked(reader, rules)
    conversation = path.split("/turns/")[0]
    assert turn["feedback"] is None
    assert reader.put(path, json={"rating": "up"}).json() == {"rating": "up", "wrong_citations": [], "comment": ""}
    reader.put(path, json={"rating": "down", "comment": "旧规定"})
    kept = reader.get(conversation).json()["turns"][0]["feedback"]
    assert (kept["rating"], kept["comment"]) == ("down", "旧规定")
    reader.put(path, json={})
    assert reader.get(conversation).json()["turns"][0]["feedback"] is None


def test_editors_see_it_with_question_and_answer_and_readers_do_not(
    reader: httpx.Client, editor: httpx.Client, rules: Rules
) -> None:
    path, turn = asked(reader, rules)
    reader.put(path, json={"rating": "up"})
    entries = editor.get("/api/v1/feedback").json()["entries"]
    (entry,) = [entry for entry in entries if entry["turn"]["id"] == turn["id"]]
    assert entry["given_by"] == "reader@example.edu"
    assert entry["turn"]["answer"] == turn["answer"]
    assert reader.get("/api/v1/feedback").status_code == 403
    assert reader.get("/api/v1/feedback/questions").status_code == 403


def test_a_good_answer_becomes_a_question_with_its_passages(
    reader: httpx.Client, editor: httpx.Client, rules: Rules
) -> None:
    path, turn = asked(reader, rules)
    reader.put(path, json={"rating": "up"})
    (row,) = exported(editor, turn["id"])
    (question,) = read_jsonl(json.dumps(row))
    assert "3.2" in question.answer_groups[0][0]
    assert "[1]" not in question.answer_groups[0][0]
    assert question.gold[0].document == "办法.md"
    assert "3.2" in question.gold[0].words
    source = turn["sources"][0]
    assert question.gold[0].matches(source["document_name"], source["text"])


def test_a_wrong_citation_is_not_a_passage_to_find(reader: httpx.Client, editor: httpx.Client, rules: Rules) -> None:
    path, turn = asked(reader, rules)
    first = turn["citations"][0]
    wrong = {"number": first["number"], "sentence_start": first["sentence_start"]}
    assert reader.put(path, json={"rating": "up", "wrong_citations": [wrong]}).status_code == 200
    (row,) = exported(editor, turn["id"])
    assert row["wrong_passages"][0]["document"] == "办法.md"
    assert len(row["passages"]) == len(turn["citations"]) - 1
    nowhere = {"number": 99, "sentence_start": 0}
    assert reader.put(path, json={"wrong_citations": [nowhere]}).status_code == 422


def test_a_good_abstention_becomes_an_unanswerable_question(
    reader: httpx.Client, editor: httpx.Client, rules: Rules
) -> None:
    path, turn = asked(reader, rules, "火星探测器的发射日期是哪一天？")
    assert turn["abstained"]
    reader.put(path, json={"rating": "up"})
    (row,) = exported(editor, turn["id"])
    assert row["unanswerable"]


def test_nobody_speaks_for_another(reader: httpx.Client, admin: httpx.Client, rules: Rules) -> None:
    path, _ = asked(reader, rules)
    assert admin.put(path, json={"rating": "up"}).status_code == 404
    unknown = f"{path.rsplit('/', 2)[0]}/{uuid.uuid4()}/feedback"
    assert reader.put(unknown, json={"rating": "up"}).status_code == 404


def test_feedback_goes_with_its_conversation(reader: httpx.Client, editor: httpx.Client, rules: Rules) -> None:
    path, turn = asked(reader, rules)
    reader.put(path, json={"rating": "down"})
    assert reader.delete(path.split("/turns/")[0]).status_code == 204
    assert exported(editor, turn["id"]) == []
