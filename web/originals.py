"""Stored files as a reader sees them: the parsed document and pictures of its pages, both cached."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

from ingest.pages import render_page
from kb_platform.database.tables import DocumentVersion
from kb_platform.domain.document import FileFormat, ParsedDocument, load_parsed
from kb_platform.domain.errors import Conflict, NotFound
from kb_platform.files import FileStore

PAGE_WIDTHS = (400, 800, 1200, 1600, 2000)
"""A picture is made in one of these widths, so that nobody can fill the cache with two thousand sizes."""
PARSED_KEPT = 8
MOST_CACHE_BYTES = 2 * 1024**3
PRUNE_EVERY = 200
RENDERED_AT_ONCE = 2

HAS_PAGES = frozenset({FileFormat.PDF, FileFormat.IMAGE})


class Originals:
    """Thread-safe. Whoever calls has checked that the reader may see the version."""

    def __init__(self, files: FileStore, cache: Path) -> None:
        self._files = files
        self._cache = cache
        self._parsed: OrderedDict[str, ParsedDocument] = OrderedDict()
        self._parsed_lock = threading.Lock()
        self._rendering = threading.BoundedSemaphore(RENDERED_AT_ONCE)
        self._rendered = 0

    def parsed(self, version: DocumentVersion) -> ParsedDocument:
        """Return the parsed document. Raises Conflict while it has not been read."""
        digest = version.parsed_sha256
        if not digest:
            raise Conflict("This file has not been read yet.")
        with self._parsed_lock:
            if digest in self._parsed:
                self._parsed.move_to_end(digest)
                return self._parsed[digest]
        parsed = load_parsed(self._files.read(digest))
        with self._parsed_lock:
            self._parsed[digest] = parsed
            while len(self._parsed) > PARSED_KEPT:
                self._parsed.popitem(last=False)
        return parsed

    def page(self, version: DocumentVersion, number: int, width: int, name: str, password: str = "") -> bytes:
        """Return a page as PNG, at least `width` pixels wide where a size allows it. `name` is the file's, `password`
        opens it. Raises NotFound for a file without pages or a page it does not have, UnreadableFile when it cannot
        be drawn."""
        if version.format not in HAS_PAGES or not 1 <= number <= max(version.pages_total, 1):
            raise NotFound("There is no such page.")
        width = next((size for size in PAGE_WIDTHS if size >= width), PAGE_WIDTHS[-1])
        path = self._cache / "pages" / version.file_sha256[:2] / version.file_sha256 / f"{number}-{width}.png"
        try:
            picture = path.read_bytes()
        except FileNotFoundError:
            return self._render(version, number, width, name, password, path)
        os.utime(path)  # the cache forgets what was not looked at for longest
        return picture

    def _render(self, version: DocumentVersion, number: int, width: int, name: str, password: str, path: Path) -> bytes:
        with self._rendering:
            picture = render_page(self._files.path(version.file_sha256), number, width, name, password)
            self._rendered += 1
            is_time_to_prune = self._rendered % PRUNE_EVERY == 0
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(picture)
        Path(temporary).replace(path)
        if is_time_to_prune:
            prune(self._cache / "pages", MOST_CACHE_BYTES)
        return picture


def prune(folder: Path, most_bytes: int) -> None:
    """Delete the files that were not read for longest until the folder holds at most half of `most_bytes`, once it
    holds more than that."""
    found = [(path.stat(), path) for path in folder.glob("*/*/*")]
    total = sum(status.st_size for status, _ in found)
    if total <= most_bytes:
        return
    for status, path in sorted(found, key=lambda entry: entry[0].st_mtime):
        path.unlink(missing_ok=True)
        total -= status.st_size
        if total <= most_bytes // 2:
            return
