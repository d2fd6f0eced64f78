"""One running instance per data folder: its lock, its secrets, and what it says about itself in `run/state.json`."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from kb_platform.domain.errors import Conflict, Unavailable
from kb_platform.settings import Settings, read_settings

ROOT = Path(__file__).resolve().parents[2]


Say = Callable[[str], None]
"""Takes a line for the person who starts the instance."""


class StartFailed(Unavailable):
    """A process would not start; the message holds its last words."""


class AlreadyRunning(Conflict):
    """Another supervisor holds the data folder."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """A process of the instance; `port` is 0 where it listens on none."""

    name: str
    pid: int
    port: int
    ready: bool
    restarts: int


@dataclass(frozen=True, slots=True)
class RunState:
    """What a running instance says about itself; `pid` is its supervisor's."""

    pid: int
    url: str
    started_at: str
    processes: tuple[ProcessState, ...]


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made at the first start, kept in the data folder for its owner only."""

    secret_key: str
    queue_password: str
    index_key: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The data folder and where things lie in it."""

    path: Path

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def key_file(self) -> Path:
        """The API key with which the `kb` command of this machine's user speaks to the instance."""
        return self.path / "cli-key"

    @property
    def password_file(self) -> Path:
        """The first administrator's password, from when it is made until a start has come far enough to show it."""
        return self.path / "initial-admin-password"

    def make(self) -> None:
        for folder in (self.path, self.run, self.logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the only supervisor of this folder. Raises AlreadyRunning."""
        self.make()
        with (self.run / "lock").open("a+") as lock:
            if not _take(lock, tries=5):  # one who only looks holds it for a moment, too
                state = self.read_state()
                where = f" at {state.url}" if state else ""
                raise AlreadyRunning(f"Already running with the data folder {self.path}{where}. `kb down` stops it.")
            lock.truncate(0)
            lock.write(f"{os.getpid()} {birth_of(os.getpid())}")
            lock.flush()
            yield

    def supervisor(self) -> int:
        """Return the process id of the supervisor that runs with this folder, 0 where there is none."""
        try:
            with (self.run / "lock").open("r+") as lock:
                if _take(lock, tries=1):
                    return 0
                pid, _space, birth = lock.read().partition(" ")
        except FileNotFoundError:
            return 0
        return int(pid) if pid.isdigit() and birth_of(int(pid)) == birth else 0

    def read_state(self) -> RunState | None:
        """Return what the last supervisor wrote, whether it still runs or not."""
        try:
            values = json.loads((self.run / "state.json").read_text())
        except (OSError, ValueError):
            return None
        return RunState(**{**values, "processes": tuple(ProcessState(**row) for row in values["processes"])})

    def running(self) -> RunState | None:
        """Return the state of the instance that runs here now and is ready, None where there is none."""
        state = self.read_state()
        return state if state and state.pid == self.supervisor() else None

    def write_state(self, state: RunState) -> None:
        write_private(self.run / "state.json", json.dumps(asdict(state), indent=1))

    def forget_state(self) -> None:
        (self.run / "state.json").unlink(missing_ok=True)

    def secrets(self) -> Secrets:
        """Return the secrets, made where there are none yet."""
        path = self.path / "secrets.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        names = ("secret_key", "queue_password", "index_key")
        values = {name: kept.get(name) or secrets.token_urlsafe(32) for name in names}
        if values != kept:
            write_private(path, json.dumps(values, indent=1))
        return Secrets(**values)


def instance_settings(data: Path | None = None) -> Settings:
    """Return the settings of the instance of this checkout; relative data folders count from there."""
    settings = read_settings(ROOT / ".env")
    return settings.model_copy(update={"data_dir": (data or ROOT / settings.data_dir).absolute()})


def data_folder(data: Path | None = None) -> Folder:
    """Return the data folder that a command means."""
    return Folder(instance_settings(data).data_dir)


def _take(lock: IO[str], tries: int) -> bool:
    for attempt in range(tries):
        if attempt:
            time.sleep(0.1)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


def birth_of(pid: int) -> str:
    """Return when the process began, as the kernel counts it: it tells a process from a later one of the same id.
    Empty where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _birth_by_signal(pid)
    return stat.rpartition(")")[2].split()[19]


def _birth_by_signal(pid: int) -> str:
    """Without /proc (macOS) there is only the question whether it lives; the lock tells the rest."""
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except OSError:
        return ""
    return "alive"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    beside.replace(path)
