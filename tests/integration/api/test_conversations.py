"""Asking: the stream, what is kept of it, and what stops it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from kb_platform.accounts import Principal
from kb_platform.database.tables import ModelEndpoint, Role, User
from kb_platform.settings import ModelSettings
from tests.integration.api.conftest import RULES, ReadAll, Rules, Running, free_port, upload
from tests.integration.api.scripted_model import MODEL, Script
from web.models import Models

QUESTION = "申请转专业的平均绩点不得低于多少？"
Event = dict[str, Any]


def begin(client: httpx.Client, *bases: str) -> str:
    answer = client.post("/api/v1/conversations", json={"knowledge_base_ids": list(bases)})
    assert answer.status_code == 201, answer.text
    return f"/api/v1/conversations/{answer.json()['id']}"


def events_of(response: httpx.Response) -> Iterator[Event]:
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            event = json.loads(line.removeprefix("data: "))
            assert event["type"] == name
            yield event


@contextmanager
def asking(client: httpx.Client, conversation: str, question: str = QUESTION) -> Iterator[Iterator[Event]]:
    with client.stream("POST", f"{conversation}/turns", json={"question": question}) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-accel-buffering"] == "no"
        yield events_of(response)


def ask(client: httpx.Client, conversation: str, question: str = QUESTION) -> list[Event]:
    with asking(client, conversation, question) as events:
        return list(events)


def last_turn(client: httpx.Client, conversation: str) -> dict[str, Any]:
    turn: dict[str, Any] = client.get(conversation).json()["turns"][-1]
    return turn


def test_the_stream_begins_with_the_turn_and_ends_with_done(reader: httpx.Client, rules: Rules) -> None:
    events = ask(reader, begin(reader, rules.base))
    types = [event["type"] for event in events]
    assert types[:2] == ["turn", "sources"]
    assert types[-1] == "done"
    assert {"answer", "citation", "usage"} <= set(types)
    assert "3.2" in events[-1]["answer"]
    assert events[-1]["answerer"] == "extractive"


def test_what_was_streamed_is_what_is_kept(reader: httpx.Client, rules: Rules) -> None:
    conversation = begin(reader, rules.base)
    events = ask(reader, conversation)
    turn = last_turn(reader, conversation)
    done, sources = events[-1], events[1]["sources"]
    assert (turn["id"], turn["number"], turn["state"]) == (events[0]["id"], 1, "done")
    assert turn["answer"] == done["answer"] == "".join(e["text"] for e in events if e["type"] == "answer")
    assert turn["citations"] == done["citations"] == [e["citation"] for e in events if e["type"] == "citation"]
    assert turn["sources"] == sources
    assert turn["usage"]["passages_given"] == len(sources)
    assert reader.get(conversation).json()["title"] == QUESTION


def test_a_citation_opens_the_very_words_in_the_original(reader: httpx.Client, rules: Rules) -> None:
    turn = reader.post(f"{begin(reader, rules.base)}/turns", json={"question": QUESTION, "stream": False}).json()
    citation = turn["citations"][0]
    source = next(source for source in turn["sources"] if source["number"] == citation["number"])
    path = f"/api/v1/documents/{source['document_id']}"
    where = {"version_id": source["version_id"], "start": citation["evidence_start"], "end": citation["evidence_end"]}
    text = reader.get(f"{path}/content", params={"version_id": source["version_id"]}).json()["text"]
    shown = reader.get(f"{path}/highlights", params=where).json()["segments"]
    assert "3.2" in "".join(text[segment["start"] : segment["end"]] for segment in shown)


def test_where_the_documents_say_nothing_so_does_the_answer(reader: httpx.Client, rules: Rules) -> None:
    events = ask(reader, begin(reader, rules.base), "火星探测器的发射日期是哪一天？")
    assert events[-1]["type"] == "done"
    assert events[-1]["abstained"]
    assert events[-1]["citations"] == []


def test_turns_are_counted_and_listed(reader: httpx.Client, rules: Rules) -> None:
    conversation = begin(reader, rules.base)
    assert [ask(reader, conversation)[0]["number"] for _ in range(2)] == [1, 2]
    listed = reader.get("/api/v1/conversations").json()["conversations"]
    assert conversation.endswith(listed[0]["id"])


def test_a_conversation_is_renamed_and_deleted(reader: httpx.Client, rules: Rules) -> None:
    conversation = begin(reader, rules.base)
    assert reader.patch(conversation, json={"title": "绩点"}).json()["title"] == "绩点"
    assert reader.delete(conversation).status_code == 204
    assert reader.get(conversation).status_code == 404


def test_nobody_sees_anothers_conversation(reader: httpx.Client, admin: httpx.Client, rules: Rules) -> None:
    conversation = begin(reader, rules.base)
    assert admin.get(conversation).status_code == 404
    assert admin.patch(conversation, json={"title": "x"}).status_code == 404
    assert admin.delete(conversation).status_code == 404
    assert admin.post(f"{conversation}/turns", json={"question": "?"}).status_code == 404
    assert admin.delete(f"{conversation}/turns/{uuid.uuid4()}/generation").status_code == 404
    assert conversation.rsplit("/", 1)[1] not in admin.get("/api/v1/conversations").text


def test_a_conversation_about_what_is_not_there_is_refused(reader: httpx.Client, rules: Rules) -> None:
    unknown = str(uuid.uuid4())
    answer = reader.post("/api/v1/conversations", json={"knowledge_base_ids": [rules.base, unknown]})
    assert answer.status_code == 404
    conversation = begin(reader, rules.base)
    body = {"question": "?", "knowledge_base_ids": [unknown]}
    assert reader.post(f"{conversation}/turns", json=body).status_code == 404
    assert reader.patch(conversation, json={"knowledge_base_ids": [unknown]}).status_code == 404


def test_a_deleted_documents_words_leave_old_answers_sources(
    editor: httpx.Client, base: str, read_all: ReadAll
) -> None:
    document_id = upload(editor, base, ("办法.md", RULES)).json()["documents"][0]["id"]
    read_all(base)
    conversation = begin(editor, base)
    ask(editor, conversation)
    assert [source["is_available"] for source in last_turn(editor, conversation)["sources"]] == [True]
    editor.delete(f"/api/v1/documents/{document_id}")
    (source,) = last_turn(editor, conversation)["sources"]
    assert (source["is_available"], source["text"]) == (False, "")
    assert ask(editor, conversation)[-1]["abstained"]


def test_a_connected_model_answers_with_its_reasoning(
    reader: httpx.Client, rules: Rules, connected: dict[str, Any]
) -> None:
    system = reader.get("/api/v1/system").json()
    assert (system["answerer"], system["model"]) == ("model", MODEL)
    conversation = begin(reader, rules.base)
    events = ask(reader, conversation)
    assert (events[1]["answerer"], events[1]["model"]) == ("model", MODEL)
    assert "".join(e["text"] for e in events if e["type"] == "reasoning") == "先查规定。"
    assert events[-1]["type"] == "done"
    turn = last_turn(reader, conversation)
    assert (turn["reasoning"], turn["model"], turn["answerer"]) == ("先查规定。", MODEL, "model")
    assert turn["usage"]["prompt_tokens"] == 100


def test_what_stands_in_no_source_is_flagged_while_it_is_written_and_in_the_kept_turn(
    reader: httpx.Client, rules: Rules, script: Script, connected: dict[str, Any]
) -> None:
    assert connected
    script.answer = (
        "申请转专业的平均绩点不得低于3.2[1]。依据教发〔2019〕77号执行[1]。请写信到 dean@evil.example 询问[1]。"
    )
    conversation = begin(reader, rules.base)
    events = ask(reader, conversation)
    turn = last_turn(reader, conversation)
    flags = turn["flags"]
    assert flags == events[-1]["flags"] == [event["flag"] for event in events if event["type"] == "flag"]
    assert [(flag["kind"], turn["answer"][flag["start"] : flag["end"]], flag["is_withheld"]) for flag in flags] == [
        ("document_number", "教发〔2019〕77号", False),
        ("email", "[资料中没有]", True),
    ]
    assert "evil" not in turn["answer"]


def test_a_disconnected_model_leaves_the_extractive_answerer(admin: httpx.Client, connected: dict[str, Any]) -> None:
    assert admin.delete(f"/api/v1/model-endpoints/{connected['id']}").status_code == 204
    system = admin.get("/api/v1/system").json()
    assert (system["answerer"], system["model"]) == ("extractive", "")


def test_a_models_key_is_used_but_neither_shown_nor_stored_readable(
    server: Running, admin: httpx.Client, script: Script, connected: dict[str, Any]
) -> None:
    assert "Bearer sk-secret" in script.authorizations
    assert "sk-secret" not in admin.get("/api/v1/model-endpoints").text
    with server.services.database.reading() as session:
        row = session.scalars(select(ModelEndpoint)).one()
    assert row.encrypted_api_key
    assert "sk-secret" not in row.encrypted_api_key


async def test_the_settings_model_answers_whatever_is_connected(
    server: Running, model_url: str, connected: dict[str, Any]
) -> None:
    own = server.services.settings.model_copy(update={"model": ModelSettings(base_url=model_url, context_window=4096)})
    models = Models(server.services.database, own)
    with server.services.database.reading() as session:
        somebody = session.scalars(select(User)).first()
    assert somebody is not None
    principal = Principal(somebody.id, somebody.email, "", Role.READER, "session", "")
    model = await models.model(principal)
    assert model is not None
    assert (model.name, model.context_window) == (MODEL, 4096)
    assert await models.names(principal) == [MODEL]
    await models.aclose()


def test_what_cannot_be_reached_or_is_not_offered_is_not_connected(admin: httpx.Client, model_url: str) -> None:
    nobody = {"base_url": f"http://127.0.0.1:{free_port()}/v1"}
    assert admin.post("/api/v1/model-endpoints", json=nobody).status_code == 503
    other = admin.post("/api/v1/model-endpoints", json={"base_url": model_url, "model": "another"})
    assert other.status_code == 422
    assert MODEL in other.json()["error"]["message"]
    assert admin.get("/api/v1/model-endpoints").json()["model_endpoints"] == []


def test_only_administrators_see_and_connect_models(editor: httpx.Client, model_url: str) -> None:
    assert editor.get("/api/v1/model-endpoints").status_code == 403
    assert editor.post("/api/v1/model-endpoints", json={"base_url": model_url}).status_code == 403
    assert editor.delete(f"/api/v1/model-endpoints/{uuid.uuid4()}").status_code == 403


def test_a_failing_model_ends_the_turn_with_its_reason(
    reader: httpx.Client, rules: Rules, script: Script, connected: dict[str, Any]
) -> None:
    script.status = 500
    conversation = begin(reader, rules.base)
    events = ask(reader, conversation)
    assert (events[-1]["type"], events[-1]["code"]) == ("error", "model_unavailable")
    turn = last_turn(reader, conversation)
    assert (turn["state"], turn["error"]) == ("failed", events[-1]["message"])


def until_answer(events: Iterator[Event]) -> str:
    """Read until the answer has begun; return the turn's id."""
    turn_id = next(events)["id"]
    for event in events:
        if event["type"] == "answer":
            return str(turn_id)
    raise AssertionError("no answer began")


@pytest.fixture
def endless(script: Script) -> Script:
    script.pause, script.endless = 0.05, True
    return script


def test_stopping_ends_the_generation_upstream_and_keeps_what_was_said(
    reader: httpx.Client, rules: Rules, endless: Script, connected: dict[str, Any]
) -> None:
    conversation = begin(reader, rules.base)
    with asking(reader, conversation) as events:
        turn_id = until_answer(events)
        assert last_turn(reader, conversation)["state"] == "answering"
        second = reader.post(f"{conversation}/turns", json={"question": "?"})
        assert second.status_code == 409
        began = time.monotonic()
        assert reader.delete(f"{conversation}/turns/{turn_id}/generation").status_code == 204
        rest = list(events)
    assert (rest[-1]["type"], rest[-1]["code"]) == ("error", "stopped")
    assert endless.hung_up.wait(2)
    assert time.monotonic() - began < 2
    turn = last_turn(reader, conversation)
    assert turn["state"] == "stopped"
    assert turn["answer"]
    assert turn["reasoning"] == "先查规定。"


def test_a_reader_who_goes_away_ends_the_generation_upstream(
    reader: httpx.Client, rules: Rules, endless: Script, connected: dict[str, Any]
) -> None:
    conversation = begin(reader, rules.base)
    with asking(reader, conversation) as events:
        until_answer(events)
    assert endless.hung_up.wait(2)
    turn = eventually_ended(reader, conversation)
    assert turn["state"] == "stopped"
    assert turn["answer"]


def test_a_caller_without_stream_who_hangs_up_ends_it_too(
    server: Running, reader: httpx.Client, rules: Rules, endless: Script, connected: dict[str, Any]
) -> None:
    conversation = begin(reader, rules.base)
    headers = {"Authorization": reader.headers["Authorization"]}
    impatient = httpx.Client(base_url=server.url, headers=headers, timeout=2, trust_env=False)
    with impatient, pytest.raises(httpx.ReadTimeout):
        impatient.post(f"{conversation}/turns", json={"question": QUESTION, "stream": False})
    assert endless.hung_up.wait(3)
    assert eventually_ended(reader, conversation)["state"] == "stopped"


def eventually_ended(client: httpx.Client, conversation: str) -> dict[str, Any]:
    deadline = time.monotonic() + 5
    while (turn := last_turn(client, conversation))["state"] == "answering" and time.monotonic() < deadline:
        time.sleep(0.05)
    return turn


def test_deleting_a_conversation_ends_its_generation(
    reader: httpx.Client, rules: Rules, endless: Script, connected: dict[str, Any]
) -> None:
    conversation = begin(reader, rules.base)
    with asking(reader, conversation) as events:
        until_answer(events)
        assert reader.delete(conversation).status_code == 204
        assert list(events)[-1]["type"] == "error"
    assert endless.hung_up.wait(2)
