"""Does anything get lost, doubled or stuck when things break? Steps that fail one by one, and processes killed.

Two instances: the embedded default (SQLite, Valkey from the install, embedded index), and, where Debian's servers are
installed, Postgres and Redis.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure, progress
from benchmarks.index_process import running_index
from benchmarks.kill_faults import Outcome, kill_while_reading, pick
from benchmarks.platform import running_platform, services_of
from benchmarks.servers import postgres_binaries, postgres_server, redis_binary, redis_server
from benchmarks.step_faults import OPERATIONS, Tried, try_faults
from kb_platform.embedding import load_embedding
from kb_platform.settings import EmbeddingSettings

NAME = "faults"
KILLS = {"pool child": 50, "worker": 50, "queue": 20, "index": 20}
KILLS_ON_SERVERS = {"pool child": 10, "worker": 10, "redis": 5, "index": 5}
QUICK_KILLS = {"pool child": 2}


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures. `quick` tries the steps of one operation and a few kills."""
    tried = list(_steps(["replace"] if quick else list(OPERATIONS)))
    for one in tried:
        if one.problem:
            progress(f"{one.fault}: {one.problem}")
    yield Figure(NAME, "steps_failed", len(tried), "steps", len(tried))
    yield Figure(NAME, "steps_consistent", sum(not one.problem for one in tried), "steps", len(tried))
    outcomes = list(_kills_on_embedded(QUICK_KILLS if quick else KILLS))
    if not quick:
        outcomes += _kills_on_servers(KILLS_ON_SERVERS)
    files = sum(one.files for one in outcomes)
    yield Figure(NAME, "kills", sum(one.kills for one in outcomes), "kills", files)
    yield Figure(NAME, "files_lost", sum(one.lost for one in outcomes), "files", files)
    yield Figure(NAME, "chunks_doubled", sum(one.doubled for one in outcomes), "chunks", files)
    yield Figure(NAME, "chunks_missing", sum(one.missing for one in outcomes), "chunks", files)
    yield Figure(NAME, "worst_recovery_s", max(one.recovery_s for one in outcomes), "s", len(outcomes))


def _steps(operations: list[str]) -> Iterator[Tried]:
    with tempfile.TemporaryDirectory() as folder, running_index(Path(folder) / "index") as url:
        embedding = load_embedding(EmbeddingSettings(), Path(folder))
        for operation in operations:
            tried = list(try_faults(operation, url, embedding))
            progress(f"{operation}: {len(tried)} faults, {sum(bool(one.problem) for one in tried)} problems")
            yield from tried


def _kills_on_embedded(kills: dict[str, int]) -> Iterator[Outcome]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        platform = stack.enter_context(running_platform(folder / "data"))
        services = stack.enter_context(services_of(platform))
        for victim, count in kills.items():
            outcome = kill_while_reading(platform, services, victim, pick(victim, platform), count, folder, seed=1)
            progress(str(outcome))
            yield outcome


def _kills_on_servers(kills: dict[str, int]) -> Iterator[Outcome]:
    postgres, redis = postgres_binaries(), redis_binary()
    if postgres is None or redis is None:
        progress("Postgres or Redis is not installed (Debian: postgresql, redis-server): kills there are left out")
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database_url = stack.enter_context(postgres_server(postgres))
        queue = stack.enter_context(redis_server(redis, folder / "redis"))
        environment = {
            "KB_DATABASE__URL": database_url,
            "KB_QUEUE__URL": queue.url,
            "KB_SECURITY__SECRET_KEY": "a long random text of this benchmark alone",
        }
        platform = stack.enter_context(running_platform(folder / "data", environment))
        services = stack.enter_context(services_of(platform, environment))
        for victim, count in kills.items():
            find = queue.pids if victim == "redis" else pick(victim, platform)
            outcome = kill_while_reading(platform, services, victim, find, count, folder, seed=2)
            progress(str(outcome))
            yield outcome
