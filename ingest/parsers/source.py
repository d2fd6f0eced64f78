"""What a parser is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def _no_progress(_done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be parsed.

    `file_name` is the uploader's name, for messages and for its suffix; `path` is where it is stored.
    `progress(done, total)` counts pages, slides or sheets. `memory_mib` is what may be used, so that a parser can
    refuse what would be too much instead of being killed. `depth` counts the files that this one was in (a message that
    a message attaches).
    """

    path: Path
    file_name: str
    max_characters: int
    password: str = ""
    ocr: bool = True
    memory_mib: int = 2048
    progress: Callable[[int, int], None] = _no_progress
    depth: int = 0

    @property
    def suffix(self) -> str:
        """The file's suffix in lower case, with its dot."""
        return Path(self.file_name.replace("\\", "/")).suffix.lower()
