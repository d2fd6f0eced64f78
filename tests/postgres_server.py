"""A private Postgres cluster for tests: Debian's server binaries, a temporary folder, a free port, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    port = _free_port()

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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
