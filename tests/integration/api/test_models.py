"""Choosing a model, asking without documents, and waiting for a place."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import Rules, Running, scripted_endpoint
from tests.integration.api.scripted_model import MODEL, Script

QUESTION = "申请转专业的平均绩点不得低于多少？"


@pytest.fixture
def second(admin: httpx.Client) -> Iterator[Script]:
    """Another model, connected under a name of its own and not the default."""
    script = Script(answer="这是另一个模型。")
    with scripted_endpoint(script) as url:
        made = admin.post("/api/v1/model-endpoints", json={"base_url": url, "name": "另一个"}).json()
        yield script
        admin.delete(f"/api/v1/model-endpoints/{made['id']}")


def turn(client: httpx.Client, bases: list[str], **body: Any) -> dict[str, Any]:
    conversation = client.post("/api/v1/conversations", json={"knowledge_base_ids": bases}).json()["id"]
    asked = {"question": QUESTION, "stream": False, **body}
    answer = client.post(f"/api/v1/conversations/{conversation}/turns", json=asked)
    made: dict[str, Any] = answer.json()
    return made


def test_the_reader_chooses_which_model_answers(
    admin: httpx.Client, reader: httpx.Client, second: Script, connected: dict[str, Any]
) -> None:
    assert set(reader.get("/api/v1/system").json()["models"]) == {MODEL, "另一个"}
    assert reader.get("/api/v1/system").json()["model"] == MODEL
    assert turn(reader, [], model="另一个")["answer"] == second.answer
    assert turn(reader, [])["model"] == MODEL
    assert turn(reader, [], model="nobody")["error"]["code"] == "not_found"
    rows = admin.get("/api/v1/model-endpoints").json()["model_endpoints"]
    other = next(row for row in rows if row["name"] == "另一个")
    assert (other["is_answering"], other["health"]["state"]) == (False, "up")
    admin.patch(f"/api/v1/model-endpoints/{other['id']}", json={"is_default": True})
    assert turn(reader, [])["model"] == "另一个"
    admin.patch(f"/api/v1/model-endpoints/{other['id']}", json={"is_enabled": False})
    assert turn(reader, [])["model"] == MODEL


def test_without_documents_the_model_answers_by_itself_and_cites_nothing(
    reader: httpx.Client, rules: Rules, connected: dict[str, Any], script: Script
) -> None:
    script.answer = "你好。"
    alone = turn(reader, [])
    assert (alone["state"], alone["answer"], alone["sources"], alone["citations"]) == ("done", "你好。", [], [])
    assert "资料" not in json.dumps(script.requests[-1]["messages"][-1], ensure_ascii=False)
    this_time = turn(reader, [rules.base], knowledge_base_ids=[])
    assert (this_time["answer"], this_time["sources"]) == ("你好。", [])


def test_without_documents_and_without_a_model_nothing_can_be_answered(reader: httpx.Client, rules: Rules) -> None:
    failed = turn(reader, [])
    assert failed["state"] == "failed"
    assert "模型" in failed["error"]


@pytest.mark.parametrize("written", ["[1]", "【1】\n", "[1][9]", "**[1]**"])
def test_where_the_model_only_points_at_a_passage_its_words_are_quoted(
    reader: httpx.Client, rules: Rules, connected: dict[str, Any], script: Script, written: str
) -> None:
    script.answer = written
    pointed = turn(reader, [rules.base])
    assert (pointed["state"], pointed["answerer"], pointed["model"]) == ("done", "extractive", MODEL)
    assert "3.2" in pointed["answer"]
    passage = next(source for source in pointed["sources"] if source["number"] == 1)
    assert {citation["number"] for citation in pointed["citations"]} == {1}
    for citation in pointed["citations"]:
        said = pointed["answer"][citation["sentence_start"] : citation["sentence_end"]]
        assert said.removesuffix("[1]").strip() in passage["text"]
        assert citation["support"] == "supported"


@pytest.mark.parametrize("written", ["[9]", "。", "[]", " "])
def test_where_the_model_points_at_nothing_it_is_said_that_there_is_no_answer(
    reader: httpx.Client, rules: Rules, connected: dict[str, Any], script: Script, written: str
) -> None:
    script.answer = written
    failed = turn(reader, [rules.base])
    assert (failed["state"], failed["answer"]) == ("failed", "")
    assert "没有写出答案" in failed["error"]


def test_who_waits_sees_the_place_and_too_many_are_sent_away(
    server: Running, admin: httpx.Client, reader: httpx.Client, connected: dict[str, Any], script: Script
) -> None:
    admin.patch(f"/api/v1/model-endpoints/{connected['id']}", json={"concurrency": 1})
    script.endless, script.pause = True, 0.02
    first = admin.post("/api/v1/conversations", json={"knowledge_base_ids": []}).json()["id"]
    with admin.stream("POST", f"/api/v1/conversations/{first}/turns", json={"question": QUESTION}) as running:
        written = running.iter_lines()
        assert any(line == "event: answer" for line in written)
        second = reader.post("/api/v1/conversations", json={"knowledge_base_ids": []}).json()["id"]
        with reader.stream("POST", f"/api/v1/conversations/{second}/turns", json={"question": QUESTION}) as waiting:
            lines = waiting.iter_lines()
            assert any(line == "event: queued" for line in lines)
            assert json.loads(next(lines).removeprefix("data: ")) == {"type": "queued", "position": 1}
            (status,) = [s for s in server.services.models._gateway.statuses() if s.name == MODEL]
            assert (status.waiting, status.endpoints[0].running) == (1, 1)
            queue = server.services.models._gateway._queues[MODEL]
            queue._most_waiting, usual = 1, queue._most_waiting
            try:
                body = {"model": MODEL, "messages": [{"role": "user", "content": "?"}]}
                full = reader.post("/v1/chat/completions", json=body)
            finally:
                queue._most_waiting = usual
    assert full.status_code == 429
    assert int(full.headers["retry-after"]) > 0
    assert full.json()["error"]["type"] == "rate_limit_error"
    deadline = time.monotonic() + 5
    while status.endpoints[0].running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert status.endpoints[0].running == 0
