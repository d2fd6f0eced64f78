"""Whatever a file does, the worker lives, and the uploader reads why it was refused."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ingest.sandbox import run_parser
from kb_platform.domain.document import load_parsed
from kb_platform.domain.errors import UnreadableFile
from kb_platform.settings import IngestSettings
from tests.faults.hostile_containers import hostile_containers
from tests.faults.hostile_files import Hostile, hostile

SECONDS = 30
MEMORY_MIB = 512
LIMIT_MIB = 448
"""Where the child is ended: a limit is noticed up to a twentieth of a second late."""


FILES = [*hostile(), *hostile_containers()]


def test_there_are_many_kinds_of_hostile_files() -> None:
    assert len({file.name for file in FILES}) == len(FILES) >= 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: ascii(file.name)[:40])
def test_a_hostile_file_is_read_or_refused_within_limits(file: Hostile, tmp_path: Path) -> None:
    refused: UnreadableFile | None
    peaks: list[float] = []
    stored = tmp_path / "stored"
    stored.write_bytes(file.make())
    started = time.monotonic()
    settings = IngestSettings(parse_memory_mib=LIMIT_MIB, parse_seconds=SECONDS)
    try:
        run = run_parser(stored, file.name, settings, on_peak=peaks.append)
    except UnreadableFile as error:
        refused = error
    else:
        refused = None
    assert time.monotonic() - started <= SECONDS + 2
    assert len(peaks) == 1
    assert peaks[0] <= MEMORY_MIB
    if refused is not None:
        assert not file.ends_well, refused
        assert refused.file_name == file.name
        assert len(refused.reason) > 20
        assert "Traceback" not in refused.reason
    else:
        document = load_parsed(run.result)
        assert document.text.strip()
        document.text.encode("utf-8")
        assert "root:" not in document.text
    assert not Path("/tmp/kb-slip").exists()
