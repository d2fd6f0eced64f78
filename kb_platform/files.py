"""The content-addressed file store: a file's name is the SHA-256 of its bytes, never a user's words."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kb_platform.domain.errors import NotFound

COPY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    sha256: str
    bytes: int


class FileStore:
    """Files under `folder`, two levels deep by the start of their digest. Writing the same bytes twice keeps one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, parts: Iterable[bytes]) -> StoredFile:
        """Store the concatenated parts; the file appears whole or not at all, and is on disk on return."""
        incoming = self.folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        descriptor, temporary = tempfile.mkstemp(dir=incoming)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for part in parts:
                    digest.update(part)
                    size += len(part)
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            target = self._path(digest.hexdigest())
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(temporary).replace(target)
        finally:
            Path(temporary).unlink(missing_ok=True)
        return StoredFile(digest.hexdigest(), size)

    def path(self, sha256: str) -> Path:
        """Return where the file lies. Raises NotFound."""
        path = self._path(sha256)
        if not path.is_file():
            raise NotFound("The stored file is missing.")
        return path

    def read(self, sha256: str) -> bytes:
        return self.path(sha256).read_bytes()

    def delete(self, sha256: str) -> None:
        self._path(sha256).unlink(missing_ok=True)

    def modified_at(self, sha256: str) -> float:
        """Return when the bytes were last stored (seconds since 1970); infinity when they are gone."""
        try:
            return self._path(sha256).stat().st_mtime
        except FileNotFoundError:
            return float("inf")

    def digests(self) -> Iterator[str]:
        """Yield the digest of every stored file."""
        for path in self.folder.glob("??/??/*"):
            yield path.name

    def _path(self, sha256: str) -> Path:
        if len(sha256) != 64 or any(character not in "0123456789abcdef" for character in sha256):
            raise NotFound("The stored file is missing.")
        return self.folder / sha256[:2] / sha256[2:4] / sha256


def read_parts(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes in pieces."""
    with path.open("rb") as file:
        while part := file.read(COPY_BYTES):
            yield part
