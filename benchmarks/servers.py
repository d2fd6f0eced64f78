"""Private servers from Debian's packages for tests and benchmarks: a temporary folder, a free port, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 60


def postgres_binaries() -> Path | None:
    """Return the folder of the newest installed server (`initdb`, `pg_ctl`), None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def postgres_server(binaries: Path) -> Iterator[str]:
    """Run a server with one database; yield its SQLAlchemy URL. The server refuses to run as root, so root starts it
    as the user `postgres`."""
    folder = Path(tempfile.mkdtemp(prefix="kb-postgres-"))
    run_as: dict[str, object] = {"cwd": folder, "capture_output": True, "text": True, "timeout": START_SECONDS}
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        run_as |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "env": {"HOME": str(folder)}}
    data = folder / "data"
    port = free_port()

    def run(*command: str) -> None:
        done = subprocess.run(command, check=False, **run_as)  # type: ignore[call-overload]
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}\n{done.stderr}")

    try:
        run(str(binaries / "initdb"), "-D", str(data), "-U", "kb", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        run(str(binaries / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            run(str(binaries / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "kb", "kb")
            yield f"postgresql+psycopg://kb@127.0.0.1:{port}/kb"
        finally:
            run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class RedisServer:
    """A Redis that is started again whenever it ends, as a service manager does, on the same port and folder."""

    binary: str
    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def pids(self) -> Sequence[int]:
        """Return its process while it lives."""
        process = self._process
        return [process.pid] if process is not None and process.poll() is None else []

    def keep_running(self) -> None:
        """Run it until `end`. Appends to its file every second, as Debian's service can be told to."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        while not self._ended.is_set():
            self._process = subprocess.Popen(
                [self.binary, *options, "--appendonly", "yes"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            while self._process.poll() is None and not self._ended.wait(0.2):
                pass
            self._ended.wait(0.5)
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def end(self) -> None:
        self._ended.set()


def redis_binary() -> str | None:
    """Return the path of an installed Redis server, None where there is none."""
    return shutil.which("redis-server")


@contextmanager
def redis_server(binary: str, folder: Path) -> Iterator[RedisServer]:
    """Run a Redis server that comes back when it is killed."""
    folder.mkdir()
    server = RedisServer(binary, folder, free_port())
    thread = threading.Thread(target=server.keep_running, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.end()
        thread.join(timeout=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
