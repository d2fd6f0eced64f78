"""The list of installation steps that a person watches. Standard library only: it runs before anything is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

KEPT_LINES = 15
SECONDS_BETWEEN_SIGNS_OF_LIFE = 30


class InstallError(Exception):
    """A step failed; the message says what to do."""


class Steps:
    """Runs commands with their output in a log; on standard error one line a step with its seconds.

    On a terminal the line of the running step shows what it does at the moment; elsewhere there is a line each half
    minute.
    """

    def __init__(self, log: Path, folder: Path) -> None:
        self.log = log
        self.folder = folder
        self.live = sys.stderr.isatty()
        self.started = time.monotonic()
        self.shown = False

    def say(self, text: str) -> None:
        """Add a line to the list."""
        print(f"      {text}", file=sys.stderr, flush=True)

    def run(
        self, title: str, command: Sequence[str], env: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> None:
        """Run a command. Raises InstallError, with the log's last lines and its path, when it fails."""
        last_lines = self._run(title, command, env, folder, "failed")
        if last_lines is not None:
            raise InstallError("\n".join([*last_lines, "", f"{title}: failed. The whole log is in {self.log}"]))

    def attempt(self, title: str, command: Sequence[str]) -> bool:
        """Run a command that may fail; returns whether it worked."""
        return self._run(title, command, None, None, "not there") is None

    def _run(
        self, title: str, command: Sequence[str], env: Mapping[str, str] | None, folder: Path | None, failed: str
    ) -> list[str] | None:
        begun = time.monotonic()
        self._begin(title)
        last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        ended = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(title, begun, last_lines, ended), daemon=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8", errors="replace") as log:
            log.write(f"\n$ {' '.join(command)}\n")
            process = subprocess.Popen(
                command,
                cwd=folder or self.folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
            ticker.start()
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    log.write(line)
                    last_lines.append(line.rstrip())
                status = process.wait()
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
                ended.set()
                ticker.join()
        outcome = f"{time.monotonic() - begun:.0f} s" if status == 0 else failed
        self._print_over(f"  {'✓' if status == 0 else '✗'} {title}  {outcome}\n")
        return list(last_lines) if status else None

    def _begin(self, title: str) -> None:
        if not self.shown:
            self.shown = True
            print("Installing. This is done once; the next start takes seconds.", file=sys.stderr)
        if not self.live:
            print(f"  … {title}", file=sys.stderr, flush=True)

    def _tick(self, title: str, begun: float, last_lines: deque[str], ended: threading.Event) -> None:
        signs = 0
        while not ended.wait(1.0):
            seconds = time.monotonic() - begun
            doing = last_lines[-1] if last_lines else ""
            if self.live:
                line = f"  … {title}  {seconds:.0f} s  {doing}"
                self._print_over(line[: shutil.get_terminal_size().columns - 1])
            elif seconds // SECONDS_BETWEEN_SIGNS_OF_LIFE > signs:
                signs += 1
                self.say(f"{seconds:.0f} s  {doing[:90]}")

    def _print_over(self, text: str) -> None:
        print(("\r\033[K" if self.live else "") + text, end="", file=sys.stderr, flush=True)
