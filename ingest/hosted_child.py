"""Starts children of a parser host (see `ingest.parser_host`), as `subprocess.Popen` starts those of this process."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from ingest.parser_host import NUMBER

MOST_IDLE = 4
_ROOT = Path(__file__).resolve().parents[1]


class HostedChild:
    """A running child. `returncode` is None until `wait` has seen its end; negative: the signal that ended it."""

    def __init__(self, host: _Host, stdin: bytes, stderr: IO[bytes]) -> None:
        """Start a child with these bytes as its standard input. Raises OSError when the host is gone."""
        self._host = host
        self.returncode: int | None = None
        read_end, write_end = os.pipe()
        input_end, output_end = os.pipe()
        try:
            host.send([read_end, output_end, stderr.fileno()])
        finally:
            os.close(read_end)
            os.close(output_end)
        self.stdout = os.fdopen(input_end, "rb")
        with contextlib.suppress(BrokenPipeError), os.fdopen(write_end, "wb") as file:
            file.write(stdin)
        self.pid = host.receive(None)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            try:
                self.returncode = os.waitstatus_to_exitcode(self._host.receive(timeout))
                _give_back(self._host)
            except TimeoutError as error:
                raise subprocess.TimeoutExpired("parser", timeout or 0) from error
            except OSError:
                self._host.close()
                self.returncode = -9  # the host was killed, and the child with it
        return self.returncode


class _Host:
    """One host process: it runs one child at a time."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ingest.parser_host"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={**environment, "PYTHONPATH": str(_ROOT)},
                start_new_session=True,
            )
        self._control = ours

    def send(self, descriptors: list[int]) -> None:
        socket.send_fds(self._control, [b"!"], descriptors)

    def receive(self, timeout: float | None) -> int:
        """Return the next number. Raises TimeoutError, or OSError when the host has ended."""
        self._control.settimeout(timeout)
        data = b""
        while len(data) < NUMBER.size:
            more = self._control.recv(NUMBER.size - len(data))
            if not more:
                raise ConnectionResetError("the parser host has ended")
            data += more
        return int(NUMBER.unpack(data)[0])

    def close(self) -> None:
        """End the host, which kills a child that is left."""
        self._control.close()
        self._process.wait()


_lock = threading.Lock()
_idle: list[_Host] = []
_owner = os.getpid()


def start_child(stdin: bytes, stderr: IO[bytes], environment: Mapping[str, str]) -> HostedChild:
    """Start a child of an idle host, or of a new one. All callers of a process give the same environment."""
    while True:
        host, is_new = _take(environment)
        try:
            return HostedChild(host, stdin, stderr)
        except OSError:
            host.close()
            if is_new:
                raise


def _take(environment: Mapping[str, str]) -> tuple[_Host, bool]:
    global _owner
    with _lock:
        if _owner != os.getpid():  # forked since: the hosts are the parent process's
            _idle.clear()
            _owner = os.getpid()
        if _idle:
            return _idle.pop(), False
    return _Host(environment), True


def _give_back(host: _Host) -> None:
    with _lock:
        if _owner == os.getpid() and len(_idle) < MOST_IDLE:
            _idle.append(host)
            return
    host.close()
