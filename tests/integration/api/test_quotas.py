"""A department holds and uses no more than its quotas and those above it say, and who is stopped is told what to do."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from kb_platform.accounts import authenticate
from kb_platform.database.tables import UsagePurpose
from kb_platform.model_endpoints import Prices
from kb_platform.usage import TokenCounts, add_usage
from tests.integration.api.conftest import Running, upload
from tests.integration.api.test_people import DEPARTMENTS, add_department, add_person, made, signed_in

MIB = 1024 * 1024


@dataclass(frozen=True)
class Institute:
    """A department below another one, its editor and their knowledge base."""

    faculty: str
    id: str
    editor: httpx.Client
    base: str


@pytest.fixture
def institute(server: Running, admin: httpx.Client) -> Iterator[Institute]:
    faculty = add_department(admin)
    below = add_department(admin, faculty)
    with signed_in(server, add_person(admin, "editor", below)) as editor:
        base = made(editor.post("/api/v1/knowledge-bases", json={"name": "x"}))["id"]
        yield Institute(faculty, below, editor, base)


def limit(admin: httpx.Client, department: str, **quotas: Any) -> dict[str, Any]:
    answer = admin.patch(f"{DEPARTMENTS}/{department}", json=quotas)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def put(institute: Institute, size: int = 10, name: str = "") -> httpx.Response:
    content = uuid.uuid4().bytes + b"x" * size
    return upload(institute.editor, institute.base, (name or f"{uuid.uuid4()}.txt", content))


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("level", ["id", "faculty"])
def test_documents_beyond_the_quota_are_refused_until_one_is_deleted(
    admin: httpx.Client, institute: Institute, level: str
) -> None:
    limit(admin, getattr(institute, level), documents=2)
    first = put(institute, name="a.txt").json()["documents"][0]["id"]
    assert put(institute).status_code == 202
    assert refusal(put(institute)) == (413, "document_quota")
    assert put(institute, name="a.txt").status_code == 202, "a new version is no new document"
    institute.editor.delete(f"/api/v1/documents/{first}").raise_for_status()
    assert put(institute).status_code == 202


def test_storage_beyond_the_quota_is_refused_and_versions_count(admin: httpx.Client, institute: Institute) -> None:
    limit(admin, institute.faculty, storage_mib=1)
    assert put(institute, MIB // 2, "a.txt").status_code == 202
    assert refusal(put(institute, MIB, "b.txt")) == (413, "storage_quota")
    assert put(institute, MIB // 3, "a.txt").status_code == 202
    assert refusal(put(institute, MIB // 3, "a.txt")) == (413, "storage_quota")
    shown = limit(admin, institute.faculty, storage_mib=2)
    assert (shown["documents_held"], shown["bytes_held"] > MIB * 5 // 6) == (1, True)
    assert put(institute, MIB // 3, "a.txt").status_code == 202


def test_tokens_of_the_day_are_counted_with_those_of_departments_below(
    server: Running, admin: httpx.Client, institute: Institute
) -> None:
    editor, database = institute.editor, server.services.database
    conversation = made(editor.post("/api/v1/conversations", json={"knowledge_base_ids": [institute.base]}))["id"]
    ask = {"question": "Why?", "stream": False}
    path = f"/api/v1/conversations/{conversation}/turns"
    limit(admin, institute.faculty, tokens_per_day=100)
    assert editor.post(path, json=ask).status_code == 200
    principal = authenticate(database, editor.headers["Authorization"].removeprefix("Bearer "))
    used = TokenCounts(prompt=60, cached=0, reasoning=20, answer=20)
    add_usage(database, principal, "m", "", UsagePurpose.ANSWER, used, Prices())
    answer = editor.post(path, json=ask)
    assert refusal(answer) == (429, "token_quota")
    assert 0 < int(answer.headers["retry-after"]) <= 24 * 3600 + 1
    openai = {"model": "kb:x", "messages": [{"role": "user", "content": "Why?"}]}
    assert editor.post("/v1/chat/completions", json=openai).status_code == 429
    assert limit(admin, institute.faculty, tokens_per_day=None)["tokens_today"] == 100
    assert editor.post(path, json=ask).status_code == 200


def test_only_administrators_set_quotas(server: Running, admin: httpx.Client, institute: Institute) -> None:
    with signed_in(server, add_person(admin, "manager", institute.faculty)) as manager:
        assert manager.patch(f"{DEPARTMENTS}/{institute.id}", json={"documents": 9}).status_code == 403
        (below,) = [one for one in manager.get(DEPARTMENTS).json()["departments"] if one["id"] == institute.id]
        assert below["documents"] is None
    assert admin.patch(f"{DEPARTMENTS}/{institute.id}", json={"documents": -1}).status_code == 422
