"""A shard is read into memory as a whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb_platform.index.embedded import warming
from kb_platform.index.embedded.warming import warm


def shard(folder: Path) -> Path:
    (folder / "segments" / "one").mkdir(parents=True)
    (folder / "segments" / "one" / "vectors.dat").write_bytes(b"v" * 3_000_000)
    (folder / "config.json").write_bytes(b"c" * 1000)
    return folder


def test_all_files_are_read_where_they_fit_into_half_of_the_memory(tmp_path: Path) -> None:
    assert sum(warm(shard(tmp_path), available_bytes=6_100_000)) == 3_001_000


def test_nothing_is_read_where_they_do_not_fit(tmp_path: Path) -> None:
    assert sum(warm(shard(tmp_path), available_bytes=6_000_000)) == 0


def test_a_folder_that_is_gone_is_no_error(tmp_path: Path) -> None:
    assert sum(warm(tmp_path / "gone", available_bytes=1_000)) == 0


def test_the_system_says_how_much_there_is(tmp_path: Path) -> None:
    assert sum(warm(shard(tmp_path))) == 3_001_000


def test_it_can_be_left_off_after_each_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "PIECE_BYTES", 1_000_000)
    assert sorted(warm(shard(tmp_path))) == [1_000, 1_000_000, 1_000_000, 1_000_000]
