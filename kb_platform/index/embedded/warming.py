"""A shard's files in memory before they are searched.

The engine maps them. After a start, or once a shard was made anew, each walk of a large graph would wait for the disk
at every step: with a million passages a search took five times as long (p95).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SHARE_OF_MEMORY = 0.5
"""Of the memory that is available now; a shard that needs more is left to the system."""
PIECE_BYTES = 64 * 1024 * 1024


def warm(folder: Path, available_bytes: int | None = None) -> Iterator[int]:
    """Read the folder's files, so that the system keeps them in memory (which it can take back), where they fit into
    half of what is available (as given, or as the system says). Yields the bytes of each piece that was read: whoever
    has to end stops asking. The system's own advice for this (`posix_fadvise`) read an eighth of seven gigabytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    if sum(map(_size, files)) > SHARE_OF_MEMORY * (_available() if available_bytes is None else available_bytes):
        return
    piece = bytearray(PIECE_BYTES)
    for path in files:
        with suppress(OSError), path.open("rb", buffering=0) as file:  # removed meanwhile
            while read := file.readinto(piece):
                yield read


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _available() -> int:
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) * 1024
    return 0
