"""A real server: uvicorn, SQLite, the embedded index's own process, the embedding model that comes with the install.

Files are read by the real pipeline when a test says so (`reads`), so that no test waits for a worker.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from benchmarks.served_app import ROOT as REPOSITORY
from benchmarks.served_app import ServedApp as Running
from benchmarks.served_app import app_settings, reading, wait_for
from benchmarks.served_app import serving as running
from benchmarks.servers import free_port
from kb_platform.accounts import add_user
from kb_platform.database.migrate import upgrade
from kb_platform.database.tables import Role
from kb_platform.settings import Settings
from tests.integration.api.scripted_model import Script, scripted_app

__all__ = [
    "PASSWORD",
    "REPOSITORY",
    "RULES",
    "ReadAll",
    "Rules",
    "Running",
    "free_port",
    "reading",
    "running",
    "scripted_endpoint",
    "signed_in_client",
    "upload",
    "wait_for",
]

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, index_url: str) -> Settings:
    return app_settings(tmp_path_factory.mktemp("data"), index_url, PASSWORD)


@pytest.fixture(scope="session")
def server(settings: Settings) -> Iterator[Running]:
    upgrade(settings)
    with running(settings) as made:
        add_user(made.services.database, "editor@example.edu", PASSWORD, Role.EDITOR)
        add_user(made.services.database, "reader@example.edu", PASSWORD, Role.READER)
        yield made


@contextmanager
def signed_in_client(server: Running, email: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        answer = client.post("/api/v1/sessions", json={"email": email, "password": PASSWORD})
        answer.raise_for_status()
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client


@pytest.fixture(scope="session")
def admin(server: Running) -> Iterator[httpx.Client]:
    with signed_in_client(server, "admin@localhost") as client:
        yield client


@pytest.fixture(scope="session")
def editor(server: Running) -> Iterator[httpx.Client]:
    with signed_in_client(server, "editor@example.edu") as client:
        yield client


@pytest.fixture(scope="session")
def reader(server: Running) -> Iterator[httpx.Client]:
    with signed_in_client(server, "reader@example.edu") as client:
        yield client


@pytest.fixture
def anonymous(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture
def base(editor: httpx.Client) -> str:
    """An empty knowledge base's id."""
    answer = editor.post("/api/v1/knowledge-bases", json={"name": "教务处规章", "share_with": "everyone"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


ReadAll = Callable[[str], None]


@pytest.fixture(scope="session")
def read_all(server: Running) -> ReadAll:
    """Do every job that waits for a document of a knowledge base."""
    return reading(server.services)


RULES = """# 转专业管理办法

第一条 申请转专业的学生，平均绩点不得低于3.2。

第二条 每名学生在校期间只能转专业一次。

| 学院 | 名额 |
| --- | --- |
| 数学学院 | 12 |
""".encode()


@dataclass(frozen=True)
class Rules:
    """A read document, for tests that only look at it."""

    base: str
    id: str
    version_id: str


@pytest.fixture(scope="session")
def rules(editor: httpx.Client, read_all: ReadAll) -> Rules:
    base = editor.post("/api/v1/knowledge-bases", json={"name": "规章", "share_with": "everyone"}).json()["id"]
    document_id = upload(editor, base, ("办法.md", RULES)).json()["documents"][0]["id"]
    read_all(base)
    document = editor.get(f"/api/v1/documents/{document_id}").json()
    assert document["state"] == "ready", document
    return Rules(base, document_id, document["version_id"])


def upload(client: httpx.Client, base: str, *files: tuple[str, bytes]) -> httpx.Response:
    return client.post(
        f"/api/v1/knowledge-bases/{base}/documents", files=[("files", (name, data)) for name, data in files]
    )


@contextmanager
def scripted_endpoint(script: Script) -> Iterator[str]:
    """Serve a scripted model; yield its base URL."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(scripted_app(script), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{port}/v1"
    wait_for(f"{url}/models")
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def model_url(script: Script) -> Iterator[str]:
    with scripted_endpoint(script) as url:
        yield url


@pytest.fixture
def connected(admin: httpx.Client, model_url: str) -> Iterator[dict[str, Any]]:
    body = {"base_url": model_url, "api_key": "sk-secret"}
    answer = admin.post("/api/v1/model-endpoints", json=body)
    assert answer.status_code == 201, answer.text
    yield answer.json()
    admin.delete(f"/api/v1/model-endpoints/{answer.json()['id']}")
