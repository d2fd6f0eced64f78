"""Processes that live and die with their supervisor: starting, watching, restarting, stopping."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from web.cli.guardian import Guardian
from web.cli.instance import ROOT

KEPT_LOGS = 3
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
STEADY_SECONDS = 10.0
"""A process that was ready and lived this long has recovered: its next restart begins with the short pause again."""


@dataclass(frozen=True, slots=True)
class Program:
    """How a process is started and stopped. `port` is 0 where it listens on none.

    `stopping` are the signals of an orderly end, each with the seconds to wait before the next; after the last the
    whole process group is killed.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    is_ready: Callable[[], bool]
    port: int = 0
    stopping: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 4.0),)


class Child:
    """A program that runs, and is started again when it dies."""

    def __init__(self, program: Program, log: Path, guardian: Guardian) -> None:
        self.program = program
        self.log = log
        self._guardian = guardian
        self.restarts = 0
        self.ready = False
        self._pause = FIRST_PAUSE
        self._next_start = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.program.command,
                cwd=ROOT,
                env=self.program.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends them in order
            )
        self._guardian.add(self._process.pid)
        self._started = time.monotonic()

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def exit_status(self) -> int | None:
        return self._process.poll() if self._process else None

    def watch(self) -> str:
        """Look after the child; returns a line to log when it died or is started again, else an empty text."""
        if self.is_alive():
            if not self.ready:
                self.ready = self.program.is_ready()
            if self.ready and time.monotonic() - self._started > STEADY_SECONDS:
                self._pause = FIRST_PAUSE
            return ""
        if self._process is not None:
            status = self._process.returncode
            self.kill_group()
            self._process = None
            self.ready = False
            self._next_start = time.monotonic() + self._pause
            line = f"{self.program.name} ended (status {status}); starting it again in {self._pause:.1f} s"
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            return line
        if time.monotonic() < self._next_start:
            return ""
        self.restarts += 1
        self.start()
        return f"{self.program.name} started again (process {self.pid})"

    def kill_group(self) -> None:
        """Kill what the process started and left behind, and itself."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._guardian.remove(self._process.pid)


def stop(children: Sequence[Child], hurried: Callable[[], bool] = lambda: False) -> None:
    """End the children together, each by its own signals; `hurried` tells to kill them now."""
    begun = time.monotonic()
    sent = dict.fromkeys(children, 0)
    while alive := [child for child in children if child.is_alive()]:
        elapsed = time.monotonic() - begun
        for child in alive:
            signals = child.program.stopping
            due = sum(seconds for _signal, seconds in signals[: sent[child]])
            if hurried() or (sent[child] == len(signals) and elapsed >= due):
                child.kill_group()
            elif sent[child] < len(signals) and elapsed >= due:
                os.kill(child.pid, signals[sent[child]][0])
                sent[child] += 1
        time.sleep(0.05)
    for child in children:
        child.kill_group()


def free_port(wanted: int = 0, host: str = "127.0.0.1") -> int:
    """Return the wanted port when it is free, else the next free one above it, else any (0: any)."""
    for port in [*range(wanted, min(wanted + 50, 65536)), 0] if wanted else [0]:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                probe.listen(1)
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port on {host}")


def rotate(log: Path) -> None:
    """Move the log of the last run aside; the oldest goes."""
    for number in range(KEPT_LOGS, 0, -1):
        older = log.with_suffix(f".{number}.log")
        newer = log.with_suffix(f".{number - 1}.log") if number > 1 else log
        if newer.exists():
            newer.replace(older)


def last_lines(log: Path, count: int = 15) -> str:
    """Return the end of a log, for a message about a process that would not start."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 20_000))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
