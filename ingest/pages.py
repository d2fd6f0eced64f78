"""Pages of a stored file as pictures for the viewer."""

from __future__ import annotations

from pathlib import Path

from ingest.sandbox import run_child

_MEMORY_MIB = 1024
_SECONDS = 30
_MOST_WIDTH = 3_000


def render_page(path: Path, page: int, width: int, file_name: str = "", password: str = "") -> bytes:
    """Return page `page` (from 1) of a PDF or an image file as PNG, `width` pixels wide (at most 3,000).

    Rendered in a child process under limits, as parsing is. Raises NothingReadable when there is no such page, and
    the other UnreadableFile errors.
    """
    request = {
        "task": "render",
        "path": str(path.resolve()),
        "file_name": file_name or path.name,
        "page": page,
        "width": max(1, min(width, _MOST_WIDTH)),
        "password": password,
    }
    return run_child(request, _MEMORY_MIB, _SECONDS).result
