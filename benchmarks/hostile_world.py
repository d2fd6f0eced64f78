"""A platform for attacks: the web process in this one, its index beside it, and a folder in which everything that is
written can be seen."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select

from benchmarks.index_process import running_index
from benchmarks.servers import free_port
from ingest.services import IngestServices
from kb_platform.database.migrate import upgrade
from kb_platform.database.tables import Job, JobState
from kb_platform.settings import IndexSettings, LimitSettings, QueueSettings, SecuritySettings, ServerSettings, Settings
from web.app import create_app
from web.services import Services
from workers.tasks import work_on

PASSWORD = "correct horse battery"
START_SECONDS = 120
OWN_MODELS = Path(__file__).resolve().parents[1] / ".pytest_cache" / "models"


@dataclass(frozen=True)
class World:
    """`outside` is a folder around the platform's own; nothing but the platform's own belongs in it."""

    url: str
    app: FastAPI
    outside: Path
    data_dir: Path

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    def administrator(self) -> httpx.Client:
        """Return a client with a session of its own."""
        client = httpx.Client(base_url=self.url, timeout=120, trust_env=False)
        answer = client.post("/api/v1/sessions", json={"email": "admin@localhost", "password": PASSWORD})
        answer.raise_for_status()
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client

    def read_all(self) -> None:
        """Do every job that waits, as workers do."""
        made = self.services
        services = IngestServices(made.database, made.files, made.embedding, made.index, made.settings)
        with made.database.reading() as session:
            ids = list(session.scalars(select(Job.id).where(Job.state == JobState.QUEUED)))
        for job_id in ids:
            work_on(job_id, services)


@contextmanager
def hostile_world(folder: Path) -> Iterator[World]:
    """Serve an empty platform whose data lie some folders below `folder`."""
    data_dir = folder / "some" / "where" / "data"
    data_dir.mkdir(parents=True)
    OWN_MODELS.mkdir(parents=True, exist_ok=True)
    (data_dir / "models").symlink_to(OWN_MODELS)
    with running_index(data_dir / "index") as index_url:
        settings = Settings(
            _env_file=None,
            data_dir=data_dir,
            server=ServerSettings(max_upload_mib=2),
            security=SecuritySettings(secret_key=SecretStr("of this attack"), admin_password=SecretStr(PASSWORD)),
            index=IndexSettings(url=index_url),
            limits=LimitSettings(**dict.fromkeys(LimitSettings.model_fields, 0)),
            queue=QueueSettings(url=SecretStr("redis://127.0.0.1:1/0")),  # nothing listens there: jobs wait
        )
        upgrade(settings)
        app = create_app(settings)
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{port}"
        logging.disable(logging.ERROR)  # attacks are refused by the thousand
        try:
            _wait(f"{url}/health")
            yield World(url, app, folder, data_dir)
        finally:
            logging.disable(logging.NOTSET)
            server.should_exit = True
            thread.join(timeout=20)


def _wait(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(url, trust_env=False).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise TimeoutError(url)
