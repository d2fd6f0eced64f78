"""A platform of its own for a benchmark or a test: `kb up -d` on an empty data folder, signed in."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from ingest.services import IngestServices, open_services
from kb_platform.settings import LimitSettings
from web.cli.index import reachable_settings
from web.cli.instance import Folder

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 300


@dataclass(frozen=True)
class Platform:
    """A running platform. `client` is signed in as its administrator and knows the base URL."""

    url: str
    email: str
    password: str
    data_dir: Path
    client: httpx.Client


@contextmanager
def running_platform(data_dir: Path, environment: Mapping[str, str] | None = None) -> Iterator[Platform]:
    """Start the platform on free ports with `data_dir`, and stop it at the end of the block.

    `environment` adds settings (`KB_…`). Raises RuntimeError with the start's output when it does not come up.
    """
    password = secrets.token_urlsafe(12)
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KB_")},
        "KB_SECURITY__ADMIN_PASSWORD": password,
        # One user does here in a minute what hundreds do elsewhere.
        **{f"KB_LIMITS__{name}": "0" for name in (name.upper() for name in LimitSettings.model_fields)},
        **(environment or {}),
    }
    command = [sys.executable, "-m", "web.cli"]
    started = subprocess.run(
        [*command, "up", "-d", "--port", "0", "--data", str(data_dir)],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    try:
        if started.returncode:
            raise RuntimeError(f"the platform did not start:\n{started.stdout}\n{started.stderr}")
        url = json.loads((data_dir / "run" / "state.json").read_text())["url"]
        with httpx.Client(base_url=url, timeout=120) as client:
            email = "admin@localhost"
            answer = client.post("/api/v1/sessions", json={"email": email, "password": password})
            answer.raise_for_status()
            client.cookies.clear()
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            yield Platform(url, email, password, data_dir, client)
    finally:
        subprocess.run(
            [*command, "down", "--data", str(data_dir)], cwd=ROOT, env=variables, capture_output=True, check=False
        )


@contextmanager
def services_of(platform: Platform, environment: Mapping[str, str] | None = None) -> Iterator[IngestServices]:
    """Open the parts of a running platform from this process: its database, files, index and embedding model."""
    with patch.dict(os.environ, environment or {}):
        settings = reachable_settings(platform.data_dir)
    with open_services(settings) as services:
        yield services


def process_of(platform: Platform, name: str) -> list[int]:
    """Return the process of that name while the supervisor calls it ready."""
    state = Folder(platform.data_dir).running()
    return [one.pid for one in state.processes if one.name == name and one.ready] if state else []


def children_of(pid: int) -> list[int]:
    """Return the child processes of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def make_knowledge_base(client: httpx.Client, name: str) -> str:
    """Make a knowledge base and return its id."""
    answer = client.post("/api/v1/knowledge-bases", json={"name": name})
    answer.raise_for_status()
    return str(answer.json()["id"])


def upload(client: httpx.Client, knowledge_base_id: str, paths: list[Path]) -> dict[str, Any]:
    """Upload files in one request and return its answer (`documents`, `rejected`)."""
    opened = [path.open("rb") for path in paths]
    try:
        answer = client.post(
            f"/api/v1/knowledge-bases/{knowledge_base_id}/documents",
            data={"duplicates": "keep"},
            files=[("files", (path.name, file)) for path, file in zip(paths, opened, strict=True)],
        )
    finally:
        for file in opened:
            file.close()
    answer.raise_for_status()
    return dict(answer.json())


def wait_until_read(
    client: httpx.Client, knowledge_base_id: str, timeout_seconds: float = 1800
) -> list[dict[str, Any]]:
    """Wait until every document of the knowledge base is ready or failed, and return them."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        answer = client.get(f"/api/v1/knowledge-bases/{knowledge_base_id}/documents")
        answer.raise_for_status()
        body = answer.json()
        documents = list(body["documents"] if isinstance(body, dict) else body)
        if all(document["state"] in ("ready", "failed") for document in documents):
            return documents
        time.sleep(1)
    raise TimeoutError(f"files were still being read after {timeout_seconds:.0f} s")
