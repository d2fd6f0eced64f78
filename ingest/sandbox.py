"""Files are parsed in a child process that can be killed: limits on memory, processor time and wall clock, a folder
of its own, none of the parent's environment."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ingest.hosted_child import HostedChild, start_child
from kb_platform.domain.document import ParsedDocument, load_parsed
from kb_platform.domain.errors import UNREADABLE_FILE_TYPES, CorruptFile, LimitExceeded, SettingsError
from kb_platform.settings import IngestSettings

logger = logging.getLogger(__name__)

_WATCH_SECONDS = 0.05
_KEEP_GOING_SECONDS = 1.0
_ERROR_CHARACTERS = 2_000
_KEPT_ENVIRONMENT = ("LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT")

OnPeak = Callable[[float], None]
OnProgress = Callable[[int, int], None]
KeepGoing = Callable[[], None]


@dataclass(frozen=True, slots=True)
class ChildRun:
    """What a child did: its result, wall-clock seconds, and its largest resident memory in MiB."""

    result: bytes
    seconds: float
    peak_mib: float


def parse_file(
    path: Path,
    file_name: str,
    settings: IngestSettings,
    on_progress: OnProgress = lambda _done, _total: None,
    password: str = "",
    keep_going: KeepGoing = lambda: None,
) -> ParsedDocument:
    """Return what the file holds.

    `on_progress(done, total)` is called as pages are done. `keep_going` is called about once a second; when it
    raises, the child is killed and the exception goes on. Raises UnreadableFile (one of its subclasses).
    """
    return load_parsed(run_parser(path, file_name, settings, on_progress, password, keep_going).result)


def run_parser(
    path: Path,
    file_name: str,
    settings: IngestSettings,
    on_progress: OnProgress = lambda _done, _total: None,
    password: str = "",
    keep_going: KeepGoing = lambda: None,
    on_peak: OnPeak = lambda _mib: None,
) -> ChildRun:
    """Do the same as `parse_file`, and say what it took; the result is still as `dump_parsed` wrote it.

    `on_peak` is told the largest memory that the child and what it started had (MiB), whatever became of the file.
    """
    request = {
        "task": "parse",
        "path": str(path.resolve()),
        "file_name": file_name,
        "password": password,
        "ocr": settings.ocr,
        "max_characters": settings.max_characters,
        "reader": settings.readers.get(Path(file_name).suffix.lower(), ""),
    }
    return run_child(request, settings.parse_memory_mib, settings.parse_seconds, on_progress, keep_going, on_peak)


def run_child(
    request: dict[str, Any],
    memory_mib: int,
    seconds: int,
    on_progress: OnProgress = lambda _done, _total: None,
    keep_going: KeepGoing = lambda: None,
    on_peak: OnPeak = lambda _mib: None,
) -> ChildRun:
    """Run one request (see `ingest.child`) under limits.

    Raises the UnreadableFile that the child gives as its reason, LimitExceeded when it took too much, CorruptFile when
    the parser died of the file, SettingsError when a reader of the settings cannot be used.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kb-parse-") as folder:
        result = Path(folder, "result")
        full = {
            **request,
            "result": str(result),
            "memory_mib": memory_mib,
            "cpu_seconds": seconds + 5,
        }
        with Path(folder, "stderr").open("w+b") as errors:
            child = _start(full, folder, errors)
            try:
                watch = _Watch(child, request["file_name"], memory_mib, started + seconds, seconds)
                watch.follow(on_progress, keep_going)
            finally:
                _end(child)
                on_peak(watch.peak_mib)
            errors.seek(0)
            said = errors.read(64 * 1024).decode("utf-8", errors="replace")
        watch.raise_reason(said)
        return ChildRun(result.read_bytes(), time.monotonic() - started, watch.peak_mib)


def _start(request: dict[str, Any], folder: str, errors: IO[bytes]) -> HostedChild:
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    environment |= {
        "PATH": os.defpath,
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    return start_child(json.dumps({**request, "folder": folder}).encode(), errors, environment)


def _end(child: HostedChild) -> None:
    """Kill whatever of the child is left and take its status."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()


class _Watch:
    """Follows one child to its end: progress and reasons on its output, its memory, its time."""

    def __init__(self, child: HostedChild, file_name: str, memory_mib: int, deadline: float, seconds: int) -> None:
        self._child = child
        self._file_name = file_name
        self._memory_mib = memory_mib
        self._deadline = deadline
        self._seconds = seconds
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._reason: dict[str, Any] | None = None
        self._over: str = ""
        self.peak_mib = 0.0

    def follow(self, on_progress: OnProgress, keep_going: KeepGoing) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        asked = time.monotonic()
        while True:
            try:
                message = self._messages.get(timeout=_WATCH_SECONDS)
            except queue.Empty:
                message = {}
            if message is None:
                break
            if "total" in message:
                on_progress(int(message["done"]), int(message["total"]))
            elif "peak_kib" in message:  # a short run may be over before it was looked at once
                self.peak_mib = max(self.peak_mib, message["peak_kib"] / 1024)
            elif message:
                self._reason = message
            now = time.monotonic()
            if now - asked >= _KEEP_GOING_SECONDS:
                asked = now
                keep_going()
            self._measure()
            if self.peak_mib > self._memory_mib:
                self._over = "memory"
            elif now > self._deadline:
                self._over = "time"
            if self._over:
                return
        self._child.wait(timeout=max(0.1, self._deadline - time.monotonic()))

    def _listen(self) -> None:
        try:
            for line in self._child.stdout:
                try:
                    message = json.loads(line)
                except ValueError:
                    continue
                if isinstance(message, dict):
                    self._messages.put(message)
        except (OSError, ValueError):
            pass  # closed by the parent, which ended the child
        self._messages.put(None)

    def _measure(self) -> None:
        """Take the child's largest size so far, and what it and the programs that it started take together now."""
        self.peak_mib = max(self.peak_mib, _status_mib(self._child.pid, "VmHWM"))
        if started := list(_descendants(self._child.pid)):
            together = sum(_status_mib(pid, "VmRSS") for pid in (self._child.pid, *started))
            self.peak_mib = max(self.peak_mib, together)

    def raise_reason(self, said: str) -> None:
        """Raise why there is no result; return where there is one."""
        status = self._child.wait()
        reason = self._reason or {}
        if self._over == "memory" or reason.get("out_of_memory") or "MemoryError" in said:
            raise LimitExceeded(
                self._file_name,
                f"reading it needs more than the {self._memory_mib:,} MiB of memory that one file may take. "
                "Split it into smaller files.",
            )
        if self._over == "time" or status == -signal.SIGXCPU:
            raise LimitExceeded(
                self._file_name,
                f"reading it takes longer than the {self._seconds:,} s that one file may take. "
                "Split it into smaller files.",
            )
        if status == -signal.SIGXFSZ:
            raise LimitExceeded(self._file_name, "what it holds is too large to be kept. Split it into smaller files.")
        if "settings_error" in reason:
            raise SettingsError(reason["settings_error"])
        if "error" in reason:
            raise UNREADABLE_FILE_TYPES[reason["error"]](self._file_name, reason["reason"])
        if status != 0:
            logger.warning("The parser of %s ended with status %d: %s", self._file_name, status, said.strip()[-4_000:])
            last = said.strip().rsplit("\n", 1)[-1][:_ERROR_CHARACTERS]
            ended = f"the parser was ended by signal {-status}" if status < 0 else last or f"exit status {status}"
            raise CorruptFile(
                self._file_name,
                f"its content cannot be read ({ended}). Open it in the program that made it, save it again and upload "
                "the new file.",
            )


def _status_mib(pid: int, field: str) -> float:
    """Return a size that the kernel gives for a process; 0 when there is none (any more)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    found = next((line for line in status.splitlines() if line.startswith(f"{field}:")), "")
    return int(found.split()[1]) / 1024 if found else 0.0


def _descendants(pid: int) -> Iterator[int]:
    """Yield the processes that a process started, and those that they started."""
    waiting = [pid]
    while waiting:
        above = waiting.pop()
        try:
            lists = [path.read_text(encoding="ascii") for path in Path(f"/proc/{above}/task").glob("*/children")]
        except OSError:
            continue
        found = [int(number) for text in lists for number in text.split()]
        yield from found
        waiting.extend(found)
