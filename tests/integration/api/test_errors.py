"""Every error has the same shape and says what to do."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import Running


def error_of(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    error: dict[str, Any] = body["error"]
    return error


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("DELETE", "/api/v1/knowledge-bases", 405, "method_not_allowed"),
        ("GET", f"/api/v1/knowledge-bases/{uuid.uuid4()}", 404, "not_found"),
        ("GET", "/api/v1/documents/not-an-id", 422, "invalid_input"),
    ],
)
def test_errors_have_one_shape(reader: httpx.Client, method: str, path: str, status: int, code: str) -> None:
    answer = reader.request(method, path)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"{}",
        b'{"name": ""}',
        b'{"name": "   "}',
        b'{"name": 1}',
        b'{"name": "a\\u0000b"}',
        b'{"name": "\\ud800"}',
        b'{"name": "a", "nonsense": 1}',
        b'{"name": "' + b"x" * 201 + b'"}',
        b"\xff\xfe",
        b"\x80\x01\x99",
    ],
)
def test_what_cannot_be_used_is_refused_with_422(editor: httpx.Client, body: bytes) -> None:
    answer = editor.post("/api/v1/knowledge-bases", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert error_of(answer)["code"] == "invalid_input"


def test_an_error_names_the_field(editor: httpx.Client) -> None:
    message = error_of(editor.post("/api/v1/knowledge-bases", json={"nam": "x"}))["message"]
    assert "name: Field required" in message


def test_an_unexpected_error_tells_nothing_about_the_inside(
    server: Running, reader: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret: /etc/passwd")

    monkeypatch.setattr("kb_platform.knowledge_bases.summaries", broken)
    answer = reader.get("/api/v1/knowledge-bases")
    assert answer.status_code == 500
    assert error_of(answer)["code"] == "internal_error"
    assert "secret" not in answer.text


def test_a_body_that_never_ends_is_cut_off_before_sign_in(anonymous: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"email": "'
        for _ in range(64):
            yield b"x" * 65536

    answer = anonymous.post("/api/v1/sessions", content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert error_of(answer)["code"] == "too_large"


@pytest.mark.parametrize("path", ["/%00", "/" + "x" * 5000, "/..%2f..%2fetc/passwd", "/assets/..%2f..%2f..%2fapp.py"])
def test_a_strange_path_opens_nothing(anonymous: httpx.Client, path: str) -> None:
    answer = anonymous.get(path)
    assert answer.status_code in (200, 404)
    assert "root:" not in answer.text
    assert "create_app" not in answer.text
