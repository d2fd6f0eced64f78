"""The web application in a thread of this process, so that a test or a benchmark can look inside while it is asked over
HTTP. Its index is a real one, in a process of its own; documents are read when they are told to be."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import or_, select

from benchmarks.servers import free_port
from ingest.services import IngestServices
from kb_platform.database.tables import Document, DocumentVersion, Job, JobState
from kb_platform.settings import IndexSettings, LimitSettings, QueueSettings, SecuritySettings, ServerSettings, Settings
from web.app import create_app
from web.services import Services
from workers.tasks import work_on

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 240


@dataclass(frozen=True)
class ServedApp:
    url: str
    app: FastAPI

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services


def app_settings(data_dir: Path, index_url: str, password: str, collection_prefix: str = "kb") -> Settings:
    """Return settings for an application of its own: no limits, no queue, the administrator's password. The embedding
    model is converted once for all of them."""
    models = ROOT / ".pytest_cache" / "models"
    models.mkdir(parents=True, exist_ok=True)
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "models").symlink_to(models)
    return Settings(
        _env_file=None,
        data_dir=data_dir,
        server=ServerSettings(max_upload_mib=2),
        security=SecuritySettings(secret_key=SecretStr("of this test"), admin_password=SecretStr(password)),
        index=IndexSettings(url=index_url, collection_prefix=collection_prefix),
        # A few users do all there; limits have tests of their own.
        limits=LimitSettings(
            requests_per_minute=0, key_requests_per_minute=0, questions_per_minute=0, address_requests_per_minute=0
        ),
        # Nothing listens there: what is uploaded is kept, and the API goes on.
        queue=QueueSettings(url=SecretStr("redis://127.0.0.1:1/0")),
    )


@contextmanager
def serving(settings: Settings) -> Iterator[ServedApp]:
    """Serve the platform; its tables must be there. Raises TimeoutError when it does not start."""
    port = free_port()
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", server_header=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/health")
        yield ServedApp(url, app)
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def wait_for(url: str, seconds: float = START_SECONDS) -> None:
    """Return when something answers there. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise TimeoutError(url)


def reading(made: Services) -> Callable[[str], None]:
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
