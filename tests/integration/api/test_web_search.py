"""Asking the web through the API: allowed by an administrator, kept as it was seen, never in an answer's way."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from kb_platform.database.tables import User
from kb_platform.settings import Settings, WebSearchSettings
from tests.integration.api.conftest import Rules, Running, running, signed_in_client
from tests.integration.api.scripted_model import Script
from tests.integration.api.test_conversations import Event, begin, events_of
from tests.web_pages import Sites, guarded, serving

HOURS = """<html><head><title>图书馆开放时间</title></head><body><article><h1>图书馆开放时间</h1>
<p>总图书馆每天8:00至22:00开放，法定节假日闭馆。读者凭校园卡入馆。</p></article></body></html>"""
QUESTION = "图书馆每天几点开放？"


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    made = Sites()
    made.page("http://lib.example.edu/hours", HOURS)
    with serving(made):
        yield made


@pytest.fixture(scope="module")
def with_engine(server: Running, settings: Settings, sites: Sites) -> Iterator[Running]:
    """A second web process on the same data, with a search engine; `server` has none."""
    found = [
        {"url": "http://lib.example.edu/hours", "title": "图书馆开放时间", "content": "", "publishedDate": "2026-03-02"}
    ]
    sites.results = found
    engine = WebSearchSettings(provider="searxng", base_url=f"http://127.0.0.1:{sites.port}")
    with running(settings.model_copy(update={"web_search": engine})) as made:
        object.__setattr__(made.services.web, "network", guarded(sites)[0])
        yield made


@pytest.fixture
def chief(with_engine: Running) -> Iterator[httpx.Client]:
    with signed_in_client(with_engine, "admin@localhost") as client:
        client.put("/api/v1/web-search", json={"everyone": True}).raise_for_status()
        yield client
        client.put("/api/v1/web-search", json={"everyone": False}).raise_for_status()


@pytest.fixture
def asker(with_engine: Running) -> Iterator[httpx.Client]:
    with signed_in_client(with_engine, "reader@example.edu") as client:
        yield client


def ask(client: httpx.Client, conversation: str, question: str = QUESTION, **more: Any) -> list[Event]:
    body = {"question": question, "web_search": True, **more}
    with client.stream("POST", f"{conversation}/turns", json=body) as response:
        assert response.status_code == 200, response.read()
        return list(events_of(response))


def test_nobody_asks_the_web_until_an_administrator_says_so(
    reader: httpx.Client, asker: httpx.Client, with_engine: Running, rules: Rules
) -> None:
    body = {"question": QUESTION, "web_search": True}
    assert reader.get("/api/v1/system").json()["web_search"] == "not_configured"
    assert reader.post(f"{begin(reader, rules.base)}/turns", json=body).status_code == 403
    assert asker.get("/api/v1/system").json()["web_search"] == "not_allowed"
    refused = asker.post(f"{begin(asker, rules.base)}/turns", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")
    assert asker.put("/api/v1/web-search", json={"everyone": True}).status_code == 403
    assert asker.get("/api/v1/web-search").status_code == 403


def test_a_department_may_ask_with_all_below_it_and_nobody_else(
    chief: httpx.Client, asker: httpx.Client, with_engine: Running
) -> None:
    def allowed() -> str:
        return str(asker.get("/api/v1/system").json()["web_search"])

    def add(name: str, parent_id: str | None = None) -> str:
        made = chief.post("/api/v1/departments", json={"name": name, "parent_id": parent_id})
        return str(made.raise_for_status().json()["id"])

    def allow(*department_ids: str) -> httpx.Response:
        return chief.put("/api/v1/web-search", json={"everyone": False, "department_ids": department_ids})

    school = add("理学院")
    physics, law = add("物理系", school), add("法学院")
    with with_engine.services.database.writing() as session:
        [user] = [one for one in session.query(User) if one.email == "reader@example.edu"]
        user.department_id = physics
    assert allow(law).json()["department_ids"] == [law]
    assert allowed() == "not_allowed"
    allow(law, school)
    assert allowed() == "available"
    assert sorted(chief.get("/api/v1/web-search").json()["department_ids"]) == sorted([law, school])
    assert allow(str(uuid.uuid4())).status_code == 404
    assert allowed() == "available", "a refused change changes nothing"
    chief.delete(f"/api/v1/departments/{law}").raise_for_status()
    assert chief.get("/api/v1/web-search").json()["department_ids"] == [school]
    allow()
    assert allowed() == "not_allowed"
    with with_engine.services.database.writing() as session:
        session.get_one(User, user.id).department_id = None


def test_an_answer_from_the_web_says_where_it_stands_and_keeps_what_was_seen(
    chief: httpx.Client, asker: httpx.Client, sites: Sites
) -> None:
    assert chief.get("/api/v1/web-search").json() == {"provider": "searxng", "everyone": True, "department_ids": []}
    assert asker.get("/api/v1/system").json()["web_search"] == "available"
    conversation = begin(asker)
    events = ask(asker, conversation)
    assert events[-1]["type"] == "done"
    assert "8:00至22:00" in events[-1]["answer"]
    (source,) = next(event for event in events if event["type"] == "sources")["sources"]
    assert source["web"]["url"] == "http://lib.example.edu/hours"
    assert source["web"]["published"] == "2026-03-02"
    assert source["document_id"] == ""
    citation = events[-1]["citations"][0]
    said = source["text"][citation["evidence_start"] - source["start"] : citation["evidence_end"] - source["start"]]
    assert "8:00至22:00" in said
    sites.page("http://lib.example.edu/hours", HOURS.replace("8:00", "9:00"))
    kept = asker.get(conversation).json()["turns"][0]["sources"]
    sites.page("http://lib.example.edu/hours", HOURS)
    assert kept == [source]
    assert kept[0]["is_available"]


def test_documents_and_web_answer_together(chief: httpx.Client, asker: httpx.Client, rules: Rules) -> None:
    assert chief
    events = ask(asker, begin(asker, rules.base), "申请转专业的平均绩点不得低于多少？")
    sources = next(event for event in events if event["type"] == "sources")["sources"]
    assert {bool(source["web"]) for source in sources} == {True, False}
    assert "3.2" in events[-1]["answer"]


def test_a_search_that_fails_is_told_and_the_documents_answer(
    chief: httpx.Client, asker: httpx.Client, rules: Rules, sites: Sites
) -> None:
    assert chief
    sites.engine_status = 500
    try:
        conversation = begin(asker, rules.base)
        events = ask(asker, conversation, "申请转专业的平均绩点不得低于多少？")
        alone = ask(asker, begin(asker))
    finally:
        sites.engine_status = 200
    assert [event["type"] for event in events][:3] == ["turn", "notice", "sources"]
    assert events[1]["code"] == "web_search_failed"
    assert "3.2" in events[-1]["answer"]
    notices = asker.get(conversation).json()["turns"][0]["notices"]
    assert notices == [{"code": events[1]["code"], "message": events[1]["message"]}]
    # Neither documents nor the web nor a model: then there is nobody to answer.
    assert (alone[-1]["type"], alone[-1]["code"]) == ("error", "model_unavailable")


def test_a_question_that_does_not_ask_the_web_sends_nothing_there(
    chief: httpx.Client, asker: httpx.Client, rules: Rules, sites: Sites
) -> None:
    assert chief
    sites.asked.clear()
    events = ask(asker, begin(asker, rules.base), web_search=False)
    assert events[-1]["type"] == "done"
    assert sites.asked == []


@pytest.mark.parametrize("thinking", [True, False])
@pytest.mark.parametrize("documents", [True, False])
@pytest.mark.parametrize("web", [True, False])
def test_each_of_the_three_switches_does_its_own_part_in_every_combination(
    chief: httpx.Client,
    asker: httpx.Client,
    rules: Rules,
    sites: Sites,
    script: Script,
    model_url: str,
    settings: Settings,
    thinking: bool,
    documents: bool,
    web: bool,
) -> None:
    script.window = 131_072
    made = chief.post("/api/v1/model-endpoints", json={"base_url": model_url}).raise_for_status().json()["id"]
    sites.asked.clear()
    question = "申请转专业的平均绩点不得低于多少？" if documents else QUESTION
    try:
        conversation = begin(asker, *([rules.base] if documents else []))
        events = ask(asker, conversation, question, thinking=thinking, web_search=web)
    finally:
        chief.delete(f"/api/v1/model-endpoints/{made}")
    found = next(event for event in events if event["type"] == "sources")
    assert (events[-1]["type"], events[-1]["answerer"]) == ("done", "model")
    assert {bool(source["web"]) for source in found["sources"]} == {
        kind for kind, on in ((False, documents), (True, web)) if on
    }
    assert bool(sites.asked) == web
    (request,) = script.requests
    told = "".join(message["content"] for message in request["messages"])
    assert ("平均绩点不得低于3.2" in told) == documents
    assert (request["max_tokens"] > settings.model.answer_tokens) == thinking, "room to think only where it thinks"


def test_openai_clients_ask_the_web_by_an_extension(
    chief: httpx.Client, asker: httpx.Client, rules: Rules, sites: Sites
) -> None:
    assert chief
    body = {
        "model": f"kb:{rules.base}", "messages": [{"role": "user", "content": QUESTION}], "web_search": True,
    }  # fmt: skip
    answer = asker.post("/v1/chat/completions", json=body).json()
    assert "8:00至22:00" in answer["choices"][0]["message"]["content"]
    assert any(source["web"] for source in answer["sources"])
    sites.engine_status = 500
    failed = asker.post("/v1/chat/completions", json=body).json()
    sites.engine_status = 200
    assert failed["notices"][0]["code"] == "web_search_failed"


def test_a_page_keeps_its_number_in_the_next_prompt(
    chief: httpx.Client, asker: httpx.Client, rules: Rules, script: Script, model_url: str
) -> None:
    made = chief.post("/api/v1/model-endpoints", json={"base_url": model_url}).json()
    try:
        script.answer = "图书馆每天8:00至22:00开放[1]。"
        conversation = begin(asker)
        first = ask(asker, conversation, thinking=False)
        assert first[-1]["type"] == "done", first
        ask(asker, conversation, "那么法定节假日呢？")
        prompts = [request["messages"] for request in script.requests if request.get("stream")]
        assert "http" not in prompts[0][1]["content"].partition("<passage")[2].partition("\n")[0]
        assert "lib.example.edu › 2026-03-02 › 网页" in prompts[0][1]["content"]
        assert prompts[-1][1] == prompts[0][1]
    finally:
        chief.delete(f"/api/v1/model-endpoints/{made['id']}")
