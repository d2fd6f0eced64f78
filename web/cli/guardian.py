"""Ends what a supervisor leaves behind when it is killed itself.

A process that outlives it: `python -m web.cli.guardian` reads from its standard input which process groups there are
(`+ID`, `-ID`, one a line). When that ends, the supervisor is gone, and so is each group soon after. Unlike the kernel's
own parent-death signal this reaches grandchildren and works on macOS.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

from web.cli.instance import ROOT

GRACE_SECONDS = 2.0


class Guardian:
    """The supervisor's end of the line to its guardian."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "web.cli.guardian"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def add(self, group: int) -> None:
        self._tell(f"+{group}")

    def remove(self, group: int) -> None:
        self._tell(f"-{group}")

    def close(self) -> None:
        """Let it go; it ends what is still on its list."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # somebody killed it: the platform goes on without
            print(line, file=self._process.stdin, flush=True)


def main() -> None:
    """Be the guardian."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with its supervisor, not before
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    if groups:
        _signal(groups, signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        _signal(groups, signal.SIGKILL)


def _signal(groups: set[int], number: signal.Signals) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


if __name__ == "__main__":
    main()
