"""The official SDK's client searches, reads and asks at /mcp, under the rights of the key."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.integration.api.conftest import Rules, Running

QUESTION = "转专业对平均绩点有什么要求？"


@pytest.fixture(scope="module")
def key(editor: httpx.Client) -> str:
    return str(editor.post("/api/v1/api-keys", json={"name": "mcp"}).json()["key"])


@asynccontextmanager
async def connected_to(server: Running, key: str) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http,
        Client(streamable_http_client(f"{server.url}/mcp", http_client=http)) as client,
    ):
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    content = result.structured_content
    assert content is not None
    return content.get("result", content)


async def test_the_tools_say_what_they_do(server: Running, key: str) -> None:
    async with connected_to(server, key) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert tools.keys() == {"list_knowledge_bases", "search", "read", "ask"}
    assert all(tool.description and tool.annotations and tool.annotations.read_only_hint for tool in tools.values())


async def test_from_a_search_to_the_passage_in_its_document(server: Running, key: str, rules: Rules) -> None:
    async with connected_to(server, key) as client:
        bases = await call(client, "list_knowledge_bases")
        assert rules.base in {base["id"] for base in bases}
        best = (await call(client, "search", query=QUESTION, knowledge_bases=[rules.base]))[0]
        assert best["document_id"] == rules.id
        read = await call(client, "read", document_id=rules.id, start=best["start"], length=best["end"] - best["start"])
    assert read["text"] == best["text"]
    assert "3.2" in read["text"]


async def test_an_answer_carries_its_checked_citations(server: Running, key: str, rules: Rules) -> None:
    async with connected_to(server, key) as client:
        answer = await call(client, "ask", question=QUESTION, knowledge_bases=["规章"])
    assert not answer["abstained"]
    assert "3.2" in answer["answer"]
    assert {citation["support"] for citation in answer["citations"]} == {"supported"}
    assert {source["document_id"] for source in answer["sources"]} == {rules.id}


async def test_unknown_things_are_the_tools_errors(server: Running, key: str) -> None:
    async with connected_to(server, key) as client:
        for tool, arguments in (
            ("search", {"query": "x", "knowledge_bases": ["none of this name"]}),
            ("read", {"document_id": "00000000-0000-0000-0000-000000000000"}),
            ("ask", {"question": "x", "knowledge_bases": ["none of this name"]}),
        ):
            result = await client.call_tool(tool, arguments)
            assert result.is_error
            assert "not_found" in json.dumps([part.model_dump() for part in result.content])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer kbk_nonsense"}, {"Cookie": "kb_session=nonsense"}])
def test_nothing_answers_without_a_key(server: Running, headers: dict[str, str]) -> None:
    for method in ("POST", "GET", "DELETE"):
        answer = httpx.request(method, f"{server.url}/mcp", headers=headers, trust_env=False)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "not_authenticated"


def test_a_sessions_cookie_is_no_way_in(server: Running, editor: httpx.Client) -> None:
    token = editor.headers["Authorization"].removeprefix("Bearer ")
    assert httpx.post(f"{server.url}/mcp", headers={"Cookie": f"kb_session={token}"}).status_code == 401


async def test_a_revoked_key_stops_at_once(server: Running, editor: httpx.Client) -> None:
    made = editor.post("/api/v1/api-keys", json={"name": "short-lived"}).json()
    async with connected_to(server, made["key"]) as client:
        await call(client, "list_knowledge_bases")
        editor.delete(f"/api/v1/api-keys/{made['id']}")
        with pytest.raises(Exception, match=r"401|nauthorized|error"):
            await call(client, "list_knowledge_bases")


async def test_what_a_program_does_is_in_the_audit(
    server: Running, key: str, admin: httpx.Client, rules: Rules
) -> None:
    async with connected_to(server, key) as client:
        await call(client, "read", document_id=rules.id)
    event = admin.get("/api/v1/audit-events", params={"action": "mcp_read"}).json()["events"][0]
    assert (event["user"], event["credential"], event["status"]) == ("editor@example.edu", "api_key", 200)
    assert event["objects"] == {"document_id": rules.id}
