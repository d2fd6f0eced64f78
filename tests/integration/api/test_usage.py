"""Usage through the API: written for each call, seen by whom it belongs to."""

from __future__ import annotations

import time
from typing import Any

import httpx

from tests.integration.api.conftest import Rules
from tests.integration.api.scripted_model import MODEL, Script


def chat(client: httpx.Client) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "你好"}]}
    assert client.post("/v1/chat/completions", json=body).status_code == 200


def own(client: httpx.Client, **params: Any) -> list[dict[str, Any]]:
    sums: list[dict[str, Any]] = client.get("/api/v1/usage", params=params).json()["sums"]
    return sums


def calls(client: httpx.Client) -> int:
    return sum(one["calls"] for one in own(client, group_by="model") if one["model"] == MODEL)


def until_calls(client: httpx.Client, wanted: int) -> None:
    deadline = time.monotonic() + 5
    while calls(client) < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert calls(client) == wanted


def test_each_call_is_kept_with_its_price(
    admin: httpx.Client, editor: httpx.Client, reader: httpx.Client, connected: dict[str, Any], script: Script
) -> None:
    path = f"/api/v1/model-endpoints/{connected['id']}"
    priced = admin.patch(path, json={"price_cache_miss": 2.0, "price_output": 8.0, "price_cache_hit": 0.5}).json()
    assert priced["price_output"] == 8.0
    script.usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 30,
        "total_tokens": 1030,
        "prompt_cache_hit_tokens": 800,
        "completion_tokens_details": {"reasoning_tokens": 10},
    }
    before, others = calls(editor), calls(reader)
    costs = sum(one["cost"] for one in own(editor))
    chat(editor)
    until_calls(editor, before + 1)
    assert calls(reader) == others
    added = sum(one["cost"] for one in own(editor)) - costs
    assert abs(added - (800 * 0.5 + 200 * 2.0 + 30 * 8.0) / 1_000_000) < 1e-9


def test_an_answer_from_documents_is_kept_too(editor: httpx.Client, rules: Rules, connected: dict[str, Any]) -> None:
    before = calls(editor)
    conversation = editor.post("/api/v1/conversations", json={"knowledge_base_ids": [rules.base]}).json()["id"]
    body = {"question": "申请转专业的平均绩点不得低于多少？", "stream": False}
    editor.post(f"/api/v1/conversations/{conversation}/turns", json=body)
    until_calls(editor, before + 1)


def test_everybodys_usage_is_for_administrators(admin: httpx.Client, editor: httpx.Client) -> None:
    assert editor.get("/api/v1/usage", params={"of": "all"}).status_code == 403
    assert editor.get("/api/v1/usage/csv", params={"of": "all"}).status_code == 403
    everybody = own(admin, of="all", group_by="user")
    assert "editor@example.edu" in {one["user"] for one in everybody}


def test_usage_is_exported_as_csv(admin: httpx.Client) -> None:
    exported = admin.get("/api/v1/usage/csv", params={"of": "all"})
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in exported.headers["content-disposition"]
    assert exported.text.removeprefix("\ufeff").startswith("day,user,api_key,department,model,calls,")


def test_days_that_cannot_be_are_refused(reader: httpx.Client) -> None:
    for wrong in ({"since": "2026-02-01", "until": "2026-01-01"}, {"since": "0001-01-01"}, {"until": "9999-12-31"}):
        assert reader.get("/api/v1/usage", params=wrong).status_code == 422
