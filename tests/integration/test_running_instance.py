"""`kb up` on a data folder of its own: ports, refusals, restarts, the end, and what stays.

The tests run in this order: two starts are enough for all of them.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from web.cli.instance import Folder, RunState

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}


def kb(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "web.cli", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def eventually(holds: Callable[[], object], seconds: float = 150) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def processes_of(folder: Path) -> list[str]:
    """Command lines of the living processes that have to do with the folder, by argument or by environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told and int(process.name) != os.getpid():
            found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    made = Folder(tmp_path_factory.mktemp("instance") / "data")
    yield made
    kb("down", "--data", str(made.path))


@pytest.fixture(scope="module")
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture(scope="module")
def start(folder: Folder, taken: int) -> str:
    """What the first start says."""
    done = kb("up", "-d", "--port", str(taken), "--data", str(folder.path))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def running(folder: Folder, start: str) -> RunState:
    state = folder.running()
    assert state is not None
    return state


def test_a_taken_port_is_said_and_another_one_used(start: str, taken: int, running: RunState) -> None:
    assert f"Port {taken} is taken" in start
    assert str(taken) not in running.url
    assert answers(running.url)


def test_the_first_start_prints_one_url_and_a_password_that_signs_in(start: str, running: RunState) -> None:
    assert re.findall(r"https?://\S+", start) == [running.url]
    password = re.search(r"Password:\s+(\S+)", start)
    assert password is not None
    credentials = {"email": "admin@localhost", "password": password[1]}
    session = httpx.post(f"{running.url}/api/v1/sessions", json=credentials, trust_env=False)
    assert session.status_code == 201
    assert session.json()["user"]["role"] == "administrator"


def test_the_password_is_kept_nowhere(start: str, folder: Folder, running: RunState) -> None:
    password = re.search(r"Password:\s+(\S+)", start)
    assert password is not None
    holding = [path for path in folder.path.rglob("*") if path.is_file() and password[1].encode() in path.read_bytes()]
    assert holding == []


def test_status_shows_each_process_and_the_documents(folder: Folder, running: RunState) -> None:
    done = kb("status", "--data", str(folder.path))
    assert done.returncode == 0, done.stdout
    for name in ("queue", "index", "worker", "scheduler", "web"):
        assert re.search(rf"{name}\s+\d+\s.*yes", done.stdout), done.stdout
    assert "documents: 0" in done.stdout


def test_a_second_start_in_the_same_folder_is_refused(folder: Folder, running: RunState) -> None:
    done = kb("up", "-d", "--data", str(folder.path))
    assert done.returncode == 1
    assert "Already running" in done.stderr
    assert running.url in done.stderr
    assert answers(running.url)


def test_the_queue_wants_its_password(running: RunState) -> None:
    port = next(process.port for process in running.processes if process.name == "queue")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")


def test_the_index_wants_its_key(running: RunState) -> None:
    port = next(process.port for process in running.processes if process.name == "index")
    assert httpx.get(f"http://127.0.0.1:{port}/collections", trust_env=False).status_code in (401, 403)


@pytest.mark.parametrize("name", ["queue", "index", "worker", "scheduler", "web"])
def test_a_killed_process_comes_back(name: str, folder: Folder, running: RunState) -> None:
    before = next(process for process in running.processes if process.name == name)
    os.kill(before.pid, signal.SIGKILL)

    def is_back() -> bool:
        state = folder.running()
        now = next(process for process in state.processes if process.name == name) if state else None
        return now is not None and now.restarts > before.restarts and now.ready

    assert eventually(is_back)
    assert eventually(lambda: kb("status", "--data", str(folder.path)).returncode == 0)


def test_a_killed_supervisor_leaves_no_process_behind(folder: Folder, running: RunState) -> None:
    os.kill(running.pid, signal.SIGKILL)
    assert eventually(lambda: not processes_of(folder.path), 20), processes_of(folder.path)
    done = kb("status", "--data", str(folder.path))
    assert (done.returncode, done.stdout) == (1, "Not running.\n")
    assert kb("down", "--data", str(folder.path)).stdout == "Not running.\n"


def test_data_stays_for_the_next_start_and_ctrl_c_leaves_nothing_else(folder: Folder, start: str) -> None:
    password = re.search(r"Password:\s+(\S+)", start)
    assert password is not None
    command = [sys.executable, "-m", "web.cli", "up", "--port", "0", "--data", str(folder.path)]
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as foreground:
        try:
            assert eventually(folder.running, 180)
            state = folder.running()
            assert state is not None
            credentials = {"email": "admin@localhost", "password": password[1]}
            session = httpx.post(f"{state.url}/api/v1/sessions", json=credentials, trust_env=False)
            assert session.status_code == 201
            with socket.create_connection(("127.0.0.1", int(state.url.rpartition(":")[2]))):  # a reader who stays
                foreground.send_signal(signal.SIGINT)
                assert foreground.wait(20) == 0
        finally:
            foreground.terminate()
        assert foreground.stdout is not None
        said = foreground.stdout.read()
    assert password[1] not in said
    assert "Stopped." in said
    assert processes_of(folder.path) == []
    for process in state.processes:
        if process.port:
            with socket.socket() as again:
                again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                again.bind(("127.0.0.1", process.port))
