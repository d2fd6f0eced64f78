"""Processes live and die with their supervisor."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from web.cli.guardian import Guardian
from web.cli.processes import Child, Program, free_port, last_lines, rotate, stop

SLEEPS = "import time; print('up', flush=True); time.sleep(60)"
IGNORES_TERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)
STARTS_ANOTHER = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print('child', child.pid, flush=True)\n"
    "time.sleep(60)"
)


def eventually(holds: Callable[[], object], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def watched(child: Child, done: Callable[[], bool]) -> list[str]:
    """What watching the child says until `done`."""
    lines: list[str] = []

    def look() -> bool:
        lines.extend(filter(None, [child.watch()]))
        return done()

    assert eventually(look)
    return lines


@pytest.fixture
def guardian() -> Iterator[Guardian]:
    made = Guardian()
    yield made
    made.close()


@pytest.fixture
def start(tmp_path: Path, guardian: Guardian) -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def started(code: str, name: str = "part", grace: float = 0.5) -> Child:
        program = Program(
            name, (sys.executable, "-c", code), os.environ, lambda: True, stopping=((signal.SIGTERM, grace),)
        )
        child = Child(program, tmp_path / f"{name}.log", guardian)
        child.start()
        children.append(child)
        assert eventually(lambda: child.log.read_text())
        return child

    yield started
    for child in children:
        child.kill_group()


def test_a_killed_process_comes_back(start: Callable[..., Child]) -> None:
    child = start(SLEEPS)
    first = child.pid
    os.kill(first, signal.SIGKILL)
    lines = watched(child, lambda: child.pid not in (0, first))
    assert child.is_alive()
    assert child.restarts == 1
    assert "ended" in lines[0]
    assert "started again" in lines[1]


def test_a_process_that_keeps_dying_is_started_ever_more_rarely(tmp_path: Path, guardian: Guardian) -> None:
    program = Program("part", (sys.executable, "-c", "raise SystemExit(3)"), os.environ, lambda: True)
    child = Child(program, tmp_path / "part.log", guardian)
    child.start()
    lines = watched(child, lambda: child.restarts == 2)
    pauses = [line.rpartition("in ")[2] for line in lines if "ended" in line]
    assert pauses == ["0.5 s", "1.0 s"]
    assert "status 3" in lines[0]
    child.kill_group()


def test_a_stopped_process_ends_by_its_own_signal(start: Callable[..., Child]) -> None:
    child = start(SLEEPS, grace=30)
    begun = time.monotonic()
    stop([child])
    assert child.exit_status() == -signal.SIGTERM
    assert time.monotonic() - begun < 5


def test_a_process_that_does_not_listen_is_killed(start: Callable[..., Child]) -> None:
    child = start(IGNORES_TERM)
    stop([child])
    assert child.exit_status() == -signal.SIGKILL


def test_who_is_in_a_hurry_does_not_wait(start: Callable[..., Child]) -> None:
    child = start(IGNORES_TERM, grace=30)
    begun = time.monotonic()
    stop([child], hurried=lambda: True)
    assert child.exit_status() == -signal.SIGKILL
    assert time.monotonic() - begun < 5


def test_what_a_process_started_ends_with_it(start: Callable[..., Child]) -> None:
    child = start(STARTS_ANOTHER)
    grandchild = int(child.log.read_text().split()[1])
    assert lives(grandchild)
    stop([child])
    assert eventually(lambda: not lives(grandchild))


def test_nothing_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from web.cli.guardian import Guardian\n"
        "from web.cli.processes import Child, Program\n"
        f"program = Program('part', (sys.executable, '-c', {STARTS_ANOTHER!r}), os.environ, lambda: True)\n"
        f"child = Child(program, Path({str(tmp_path / 'part.log')!r}), Guardian())\n"
        "child.start()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    root = Path(__file__).resolve().parents[4]
    log = tmp_path / "part.log"
    with subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        assert eventually(log.read_text)
        grandchild = int(log.read_text().split()[1])
        assert lives(child)
        assert lives(grandchild)
        supervisor.kill()
    assert eventually(lambda: not lives(child) and not lives(grandchild))


def test_a_taken_port_is_left_to_its_owner() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        port = free_port(taken)
        assert port != taken
        with socket.socket() as ours:
            ours.bind(("127.0.0.1", port))


def test_a_free_port_is_taken_as_wanted() -> None:
    wanted = free_port()
    assert free_port(wanted) == wanted


def test_logs_of_earlier_runs_are_kept_for_a_while(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for run in range(6):
        rotate(log)
        log.write_text(f"run {run}")
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {"web.log": "run 5", "web.1.log": "run 4", "web.2.log": "run 3", "web.3.log": "run 2"}


def test_the_last_lines_of_a_log_are_its_end(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("\n".join(f"line {number}" for number in range(10_000)))
    assert last_lines(log, 2) == "line 9998\nline 9999"
    assert last_lines(tmp_path / "none.log") == ""
