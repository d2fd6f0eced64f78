"""What a child process does with one request: parse one file or render one page. Forked by `ingest.parser_host` only.

It reads one JSON request from standard input, writes progress as JSON lines to standard output and its result to a
file, and ends. Before it touches the file it ties itself to its parent's life and takes its limits on.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

from kb_platform.domain.errors import SettingsError, UnreadableFile

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_ADDRESS_SPACE_SLACK = 1_536 << 20
"""Address space that libraries reserve beyond the memory they use (measured: ONNX Runtime and OpenCV 0.8 GiB)."""
_RESULT_BYTES = 2 << 30


def run(parent: int) -> int:
    """Run the request that standard input holds; return the exit status (0: a result or a reason was given).

    `parent` is the process whose end ends this one.
    """
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no protocol
    with os.fdopen(0, "rb", closefd=False) as file:
        request: dict[str, Any] = json.loads(file.read())
    if not request.get("reader"):  # a reader of the settings may ask a service; ours never do
        leave_network()
    _tie_to_parent(parent)
    _stay_in(request["folder"])
    _limit(request["memory_mib"], request["cpu_seconds"])
    try:
        if request["task"] == "render":
            _render(request)
        else:
            _parse(request, channel)
    except UnreadableFile as error:
        _say(channel, {"error": error.code, "reason": error.reason})
    except SettingsError as error:
        _say(channel, {"settings_error": error.message})
    except MemoryError:
        _say(channel, {"out_of_memory": True})
    _say(channel, {"peak_kib": _peak_kib()})
    return 0


def _parse(request: dict[str, Any], channel: IO[str]) -> None:
    from ingest.parsers import parse
    from ingest.parsers.source import Source
    from kb_platform.domain.document import dump_parsed

    source = Source(
        path=Path(request["path"]),
        file_name=request["file_name"],
        max_characters=request["max_characters"],
        password=request["password"],
        ocr=request["ocr"],
        memory_mib=request["memory_mib"],
        progress=lambda done, total: _say(channel, {"done": done, "total": total}),
    )
    reader = request["reader"]
    if reader:
        from ingest.readers import read_with  # the only way to llama-index, and only where a setting asks for it

        parsed = read_with(reader, source)
    else:
        parsed = parse(source)
    Path(request["result"]).write_bytes(dump_parsed(parsed))


def _render(request: dict[str, Any]) -> None:
    from ingest.page_images import page_image

    image = page_image(
        Path(request["path"]), request["file_name"], request["page"], request["width"], request["password"]
    )
    Path(request["result"]).write_bytes(image)


def _peak_kib() -> int:
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest // 1024 if sys.platform == "darwin" else largest


def _say(channel: IO[str], message: dict[str, object]) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


def _tie_to_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent died before the tie was there


def leave_network() -> None:
    """Move this process, and all that it starts, to where there is no network, if the machine lets it."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if library.unshare(_CLONE_NEWNET) == 0 or library.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return
    with contextlib.suppress(OSError):  # without these it goes by the name of nobody
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def _stay_in(folder: str) -> None:
    os.chdir(folder)
    os.environ |= {"HOME": folder, "TMPDIR": folder}
    tempfile.tempdir = None


def _limit(memory_mib: int, cpu_seconds: int) -> None:
    address_space = (memory_mib << 20) + _ADDRESS_SPACE_SLACK
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_RESULT_BYTES, _RESULT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
