"""Nothing answers without authentication but health and the ways in."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from kb_platform.settings import LimitSettings, ServerSettings, Settings
from tests.integration.api.conftest import PASSWORD, Running, running
from web.api.dependencies import COOKIE, CSRF_HEADER
from web.openapi import describe
from web.security import HEADERS

PUBLIC = {
    ("GET", "/health"),
    ("POST", "/api/v1/sessions"),
    ("GET", "/api/v1/sessions/methods"),
    ("GET", "/api/v1/single-sign-on/start"),
    ("GET", "/api/v1/single-sign-on/callback"),
    ("POST", "/api/v1/invitations/look"),
    ("POST", "/api/v1/invitations/accept"),
    ("GET", "/api/v1/widgets/{widget_id}"),
    ("POST", "/api/v1/widgets/{widget_id}/answers"),
}


def operations(server: Running) -> list[tuple[str, str]]:
    """Every (method, path) of the description, path parameters filled in."""
    paths: dict[str, dict[str, Any]] = describe(server.app)["paths"]
    return [
        (method.upper(), re.sub(r"\{(\w+)\}", lambda part: "1" if part[1] == "number" else str(uuid.uuid4()), path))
        for path, methods in paths.items()
        for method in methods
    ]


def is_public(method: str, path: str) -> bool:
    return (method, re.sub(r"[0-9a-f-]{36}", "{widget_id}", path)) in PUBLIC


def test_the_description_holds_all_resources(server: Running) -> None:
    paths = {path for _, path in operations(server)}
    assert len(paths) > 20


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer kbk_nonsense"},
        {"Authorization": "Basic YTpi"},
        {"Cookie": f"{COOKIE}=nonsense", CSRF_HEADER: "1"},
    ],
)
def test_every_route_refuses_who_is_not_signed_in(
    server: Running, anonymous: httpx.Client, headers: dict[str, str]
) -> None:
    open_routes = {
        (method, path): status
        for method, path in operations(server)
        if not is_public(method, path)
        and (status := anonymous.request(method, path, headers=headers).status_code) != 401
    }
    assert open_routes == {}


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/swagger-ui-bundle.js", "/api/docs/start.js"])
def test_the_documentation_needs_sign_in_too(anonymous: httpx.Client, reader: httpx.Client, path: str) -> None:
    assert anonymous.get(path).status_code == 401
    assert reader.get(path).status_code == 200


def test_every_change_by_cookie_needs_the_csrf_header(server: Running, anonymous: httpx.Client) -> None:
    sign_in(anonymous)
    for method, path in operations(server):
        if method in ("GET", "HEAD") or is_public(method, path):
            continue
        assert anonymous.request(method, path).status_code == 403, (method, path)


def test_health_needs_nothing(anonymous: httpx.Client) -> None:
    assert anonymous.get("/health").json()["status"] == "ok"


def sign_in(client: httpx.Client, email: str = "reader@example.edu") -> httpx.Response:
    answer = client.post("/api/v1/sessions", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201
    return answer


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(anonymous: httpx.Client) -> None:
    answer = sign_in(anonymous)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={answer.json()['token']};")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert anonymous.get("/api/v1/users/me").json()["email"] == "reader@example.edu"


def test_signing_out_ends_the_session_and_clears_the_cookie(anonymous: httpx.Client) -> None:
    token = sign_in(anonymous).json()["token"]
    assert anonymous.delete("/api/v1/sessions/current", headers={CSRF_HEADER: "1"}).status_code == 204
    assert COOKIE not in anonymous.cookies
    assert anonymous.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_wrong_password_says_nothing_about_the_account(anonymous: httpx.Client) -> None:
    answers = [
        anonymous.post("/api/v1/sessions", json={"email": email, "password": "wrong password"})
        for email in ("editor@example.edu", f"{uuid.uuid4()}@example.edu")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["error"]["code"] == "not_authenticated"


def test_guessing_is_slowed_down(anonymous: httpx.Client) -> None:
    email = f"{uuid.uuid4()}@example.edu"
    answers = [anonymous.post("/api/v1/sessions", json={"email": email, "password": "guess"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_an_api_key_works_until_it_is_revoked_and_is_shown_once(reader: httpx.Client, anonymous: httpx.Client) -> None:
    made = reader.post("/api/v1/api-keys", json={"name": "script"}).json()
    bearer = {"Authorization": f"Bearer {made['key']}"}
    assert anonymous.get("/api/v1/users/me", headers=bearer).json()["email"] == "reader@example.edu"
    listed = reader.get("/api/v1/api-keys")
    assert made["key"] not in listed.text
    assert [key["id"] for key in listed.json()["api_keys"]] == [made["id"]]
    assert reader.delete(f"/api/v1/api-keys/{made['id']}").status_code == 204
    assert anonymous.get("/api/v1/users/me", headers=bearer).status_code == 401


def test_an_api_key_makes_no_further_credentials(reader: httpx.Client, anonymous: httpx.Client) -> None:
    made = reader.post("/api/v1/api-keys", json={"name": "leaked"}).json()
    bearer = {"Authorization": f"Bearer {made['key']}"}
    assert anonymous.post("/api/v1/api-keys", json={"name": "heir"}, headers=bearer).status_code == 403
    change = {"current_password": PASSWORD, "new_password": "another password"}
    assert anonymous.put("/api/v1/users/me/password", json=change, headers=bearer).status_code == 403


def test_nobody_revokes_anothers_key(reader: httpx.Client, admin: httpx.Client) -> None:
    made = reader.post("/api/v1/api-keys", json={"name": "mine"}).json()
    assert admin.delete(f"/api/v1/api-keys/{made['id']}").status_code == 404


@pytest.mark.parametrize("path", ["/health", "/", "/api/v1/users/me", "/api/v1/nowhere", "/assets/none.js"])
def test_every_response_carries_the_security_headers(anonymous: httpx.Client, path: str) -> None:
    headers = anonymous.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert "server" not in headers


def test_the_policy_lets_nothing_foreign_in() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy


@pytest.fixture(scope="module")
def particular(settings: Settings, server: Running) -> Iterator[Running]:
    """The same platform with settings of its own."""
    changes = {
        "limits": LimitSettings(requests_per_minute=5, key_requests_per_minute=3, questions_per_minute=1),
        "security": settings.security.model_copy(update={"contact": "mailto:security@example.edu"}),
        "server": ServerSettings(public_url="https://kb.example.edu/"),
    }
    with running(settings.model_copy(update=changes)) as made:
        yield made


def test_too_many_requests_of_one_user_are_told_when_to_come_back(particular: Running) -> None:
    with httpx.Client(base_url=particular.url) as user:
        bearer = {"Authorization": f"Bearer {sign_in(user, 'editor@example.edu').json()['token']}"}
        key = user.post("/api/v1/api-keys", json={"name": "k"}, headers=bearer).json()["key"]
        by_key = [user.get("/api/v1/users/me", headers={"Authorization": f"Bearer {key}"}) for _ in range(4)]
        assert [answer.status_code for answer in by_key] == [200, 200, 200, 429]
        assert user.get("/api/v1/users/me", headers=bearer).status_code == 429, "keys count for their user, too"
        assert 0 < int(by_key[-1].headers["retry-after"]) <= 61
        assert by_key[-1].json()["error"]["code"] == "too_many_requests"
        assert user.get("/health").status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_a_foreign_form_cannot_sign_anybody_in(anonymous: httpx.Client, kind: str) -> None:
    body = f'{{"email": "reader@example.edu", "password": "{PASSWORD}"}}'
    answer = anonymous.post("/api/v1/sessions", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_no_other_origin_may_read_answers(anonymous: httpx.Client) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (
        anonymous.options("/api/v1/sessions", headers={**asked, "Access-Control-Request-Headers": CSRF_HEADER}),
        anonymous.get("/api/v1/users/me", headers={"Origin": "https://evil.example"}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_security_txt_names_the_contact_of_the_settings(particular: Running, anonymous: httpx.Client) -> None:
    assert anonymous.get("/.well-known/security.txt").status_code == 404
    text = httpx.get(f"{particular.url}/.well-known/security.txt").text
    fields = dict(line.split(": ", 1) for line in text.splitlines())
    assert fields["Contact"] == "mailto:security@example.edu"
    assert fields["Canonical"] == "https://kb.example.edu/.well-known/security.txt"
    expires = datetime.fromisoformat(fields["Expires"])
    assert timedelta(days=30) < expires - datetime.now(UTC) < timedelta(days=366)
