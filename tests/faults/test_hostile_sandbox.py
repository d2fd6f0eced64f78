"""What a parser starts is under the same limits as the parser, and neither reaches the network."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.child import leave_network
from ingest.parsers.libreoffice import soffice
from ingest.sandbox import _descendants, _status_mib, run_parser
from kb_platform.domain.errors import LimitExceeded
from kb_platform.settings import IngestSettings

RTF = rb"{\rtf1\ansi The library opens at eight.\par}"


def test_memory_of_programs_that_a_parser_starts_is_counted() -> None:
    hungry = "data = b'x' * 200_000_000; print('ready', flush=True); input()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hungry!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        started = list(_descendants(process.pid))
        assert started
        assert _status_mib(process.pid, "VmRSS") < 100 < sum(_status_mib(pid, "VmRSS") for pid in started)
    finally:
        process.communicate(b"\n")


@pytest.mark.skipif(not soffice(), reason="LibreOffice is not installed (Debian: libreoffice-writer-nogui)")
def test_a_conversion_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    stored = tmp_path / "stored"
    stored.write_bytes(b"{\\rtf1 " + b"{\\b " * 200_000 + b"deep")
    with pytest.raises(LimitExceeded, match="takes longer"):
        run_parser(stored, "deep.rtf", IngestSettings(parse_seconds=3))
    deadline = time.monotonic() + 5
    while left := _converting():
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@pytest.mark.skipif(not soffice(), reason="LibreOffice is not installed (Debian: libreoffice-writer-nogui)")
def test_a_conversion_counts_its_memory_and_fits_the_limit(tmp_path: Path) -> None:
    stored = tmp_path / "stored"
    stored.write_bytes(RTF)
    run = run_parser(stored, "letter.rtf", IngestSettings(parse_memory_mib=512))
    assert 100 < run.peak_mib <= 512
    with pytest.raises(LimitExceeded, match="memory"):
        run_parser(stored, "letter.rtf", IngestSettings(parse_memory_mib=96))


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
def test_a_parser_has_no_network() -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            leave_network()
            os.write(writer, Path("/proc/net/route").read_bytes() + Path("/proc/self/net/dev").read_bytes())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(pid, 0)
    interfaces = {line.split(":")[0].strip() for line in said.splitlines() if ":" in line}
    if interfaces != {"lo"} and os.getuid() != 0:
        pytest.skip("this machine lets nobody make a network namespace")
    assert interfaces == {"lo"}


def _converting() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if b"soffice" in command and b"kb-parse-" in command:
            found.append(command.decode(errors="replace"))
    return found
