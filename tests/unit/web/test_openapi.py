"""The description is good enough to generate a client."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PUBLIC = {
    "GET /health",
    "POST /api/v1/sessions",
    "GET /api/v1/sessions/methods",
    "GET /api/v1/single-sign-on/start",
    "GET /api/v1/single-sign-on/callback",
    "POST /api/v1/invitations/look",
    "POST /api/v1/invitations/accept",
    "GET /api/v1/widgets/{widget_id}",
}
BY_TOKEN = {"POST /api/v1/widgets/{widget_id}/answers": [{"widget_token": []}, {}]}
"""A visitor of another site brings that site's token, or, where the chat is for anybody, nothing."""
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    command = [sys.executable, "-m", "web.openapi"]
    printed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=True)
    described: dict[str, Any] = json.loads(printed.stdout)
    return described


def operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_operation_has_a_snake_case_name_of_its_own(description: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(description)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


def test_every_operation_says_what_it_does_and_belongs_to_a_resource(description: dict[str, Any]) -> None:
    assert [
        name for name, operation in operations(description) if not operation["tags"] or not operation["description"]
    ] == []


def test_every_reference_is_there(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert {ref for ref in references(description) if ref.rpartition("/")[2] not in schemas} == set()


def test_every_schema_is_used(description: dict[str, Any]) -> None:
    used = {ref.rpartition("/")[2] for ref in references(description)}
    assert set(description["components"]["schemas"]) - used == set()


def test_every_guarded_operation_says_so_and_describes_its_errors(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        if name in PUBLIC:
            assert operation["security"] == []
            continue
        assert operation["security"] == BY_TOKEN.get(name, [{"bearer": []}, {"session_cookie": []}]), name
        error = operation["responses"]["401"]["content"]["application/json"]["schema"]
        shape = "OpenAIError" if " /v1/" in name else "Error"
        assert error == {"$ref": f"#/components/schemas/{shape}"}


def test_streams_name_their_events(description: dict[str, Any]) -> None:
    paths = description["paths"]
    ask = paths["/api/v1/conversations/{conversation_id}/turns"]["post"]["responses"]["200"]["content"]
    assert ask["text/event-stream"]["schema"] == {"$ref": "#/components/schemas/TurnStreamEvent"}
    assert ask["application/json"]["schema"] == {"$ref": "#/components/schemas/Turn"}
    events = description["components"]["schemas"]["TurnStreamEvent"]["discriminator"]["mapping"]
    assert list(events) == [
        "answer",
        "citation",
        "done",
        "error",
        "flag",
        "notice",
        "plan",
        "queued",
        "reasoning",
        "sources",
        "turn",
        "usage",
    ]
    watch = paths["/api/v1/knowledge-bases/{knowledge_base_id}/events"]["get"]["responses"]["200"]["content"]
    assert "text/event-stream" in watch


def test_an_upload_is_described_as_files(description: dict[str, Any]) -> None:
    upload = description["paths"]["/api/v1/knowledge-bases/{knowledge_base_id}/documents"]["post"]
    schema = upload["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert schema["properties"]["files"]["items"] == {"type": "string", "format": "binary"}
