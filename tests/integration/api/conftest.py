"""A real server: uvicorn, SQLite, the embedded index's own process, the embedding model that comes with the install.

Files are read by the real pipeline when a test says so (`reads`), so that no test waits for a worker.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import or_, select

from ingest.services import IngestServices
from kb_platform.accounts import add_user
from kb_platform.database.migrate import upgrade
from kb_platform.database.tables import Document, DocumentVersion, Job, JobState, Role
from kb_platform.settings import IndexSettings, LimitSettings, QueueSettings, SecuritySettings, ServerSettings, Settings
from tests.integration.api.scripted_model import Script, scripted_app
from web.app import create_app
from web.services import Services
from workers.tasks import work_on

REPOSITORY = Path(__file__).resolve().parents[3]
PASSWORD = "correct horse battery"
START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Running:
    url: str
    app: FastAPI

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, index_url: str) -> Settings:
    data_dir = tmp_path_factory.mktemp("data")
    # The embedding model is converted once for all runs, not once a run.
    models = REPOSITORY / ".pytest_cache" / "models"
    models.mkdir(parents=True, exist_ok=True)
    (data_dir / "models").symlink_to(models)
    return Settings(
        _env_file=None,
        data_dir=data_dir,
        server=ServerSettings(max_upload_mib=2),
        security=SecuritySettings(secret_key=SecretStr("of this test"), admin_password=SecretStr(PASSWORD)),
        index=IndexSettings(url=index_url),
        # The tests of all files are the same few users; limits have tests of their own.
        limits=LimitSettings(
            requests_per_minute=0, key_requests_per_minute=0, questions_per_minute=0, address_requests_per_minute=0
        ),
        # Nothing listens there: what is uploaded is kept, and the API goes on.
        queue=QueueSettings(url=SecretStr("redis://127.0.0.1:1/0")),
    )


@pytest.fixture(scope="session")
def server(settings: Settings) -> Iterator[Running]:
    upgrade(settings)
    with running(settings) as made:
        add_user(made.services.database, "editor@example.edu", PASSWORD, Role.EDITOR)
        add_user(made.services.database, "reader@example.edu", PASSWORD, Role.READER)
        yield made


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """Serve the platform in a thread."""
    port = free_port()
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", server_header=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/health")
        yield Running(url, app)
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise TimeoutError(url)


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


def reading(made: Services) -> ReadAll:
    """Return what does the jobs of a knowledge base's documents, as a worker does."""
    services = IngestServices(made.database, made.files, made.embedding, made.index, made.settings)

    def work(knowledge_base_id: str) -> None:
        documents = select(Document.id).where(Document.knowledge_base_id == knowledge_base_id)
        versions = select(DocumentVersion.id).where(DocumentVersion.document_id.in_(documents))
        of_this_base = or_(Job.target_id.in_(versions), Job.target_id.in_(documents))
        with made.database.reading() as session:
            ids = list(session.scalars(select(Job.id).where(Job.state == JobState.QUEUED, of_this_base)))
        for job_id in ids:
            work_on(job_id, services)

    return work


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
