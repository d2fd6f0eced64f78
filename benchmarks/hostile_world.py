"""A platform for attacks: the web process in this one, its index beside it, and a folder in which everything that is
written can be seen."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import select

from benchmarks.index_process import running_index
from benchmarks.served_app import ServedApp, app_settings, serving
from ingest.services import IngestServices
from kb_platform.database.migrate import upgrade
from kb_platform.database.tables import Job, JobState
from kb_platform.settings import LimitSettings
from web.services import Services
from workers.tasks import work_on

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class World:
    """`outside` is a folder around the platform's own; nothing but the platform's own belongs in it."""

    served: ServedApp
    outside: Path
    data_dir: Path

    @property
    def url(self) -> str:
        return self.served.url

    @property
    def services(self) -> Services:
        return self.served.services

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
    with running_index(data_dir / "index") as index_url:
        settings = app_settings(data_dir, index_url, PASSWORD)
        no_limits = LimitSettings(**dict.fromkeys(LimitSettings.model_fields, 0))
        settings = settings.model_copy(update={"limits": no_limits})
        upgrade(settings)
        with serving(settings) as served:
            logging.disable(logging.ERROR)  # attacks are refused by the thousand
            try:
                yield World(served, folder, data_dir)
            finally:
                logging.disable(logging.NOTSET)
