"""Whatever a file does, the worker lives, and the uploader reads why it was refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.sandbox import run_parser
from kb_platform.domain.document import load_parsed
from kb_platform.domain.errors import UnreadableFile
from kb_platform.settings import IngestSettings
from tests.faults.hostile_files import Hostile, hostile

SECONDS = 30
MEMORY_MIB = 512


@pytest.mark.parametrize("file", list(hostile()), ids=lambda file: file.name)
def test_a_hostile_file_is_read_or_refused_within_limits(file: Hostile, tmp_path: Path) -> None:
    refused: UnreadableFile | None
    stored = tmp_path / "stored"
    stored.write_bytes(file.make())
    settings = IngestSettings(parse_memory_mib=MEMORY_MIB, parse_seconds=SECONDS)
    try:
        run = run_parser(stored, file.name, settings)
    except UnreadableFile as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        assert not file.ends_well, refused
        assert refused.file_name == file.name
        assert len(refused.reason) > 20
        assert "Traceback" not in refused.reason
    else:
        document = load_parsed(run.result)
        assert document.text.strip()
        assert run.peak_mib <= MEMORY_MIB
        document.text.encode("utf-8")
        assert "root:" not in document.text
    assert not Path("/tmp/kb-slip").exists()
