"""Stored files that no version refers to."""

from __future__ import annotations

import time

from kb_platform.database.engine import Database
from kb_platform.documents import referenced_files
from kb_platform.files import FileStore

GRACE_SECONDS = 3600.0
"""A file is stored before its row is written: one this young may be about to be referred to."""


def collect_files(database: Database, files: FileStore, grace_seconds: float = GRACE_SECONDS) -> int:
    """Delete every unreferenced stored file older than the grace. Returns how many went."""
    oldest_kept = time.time() - grace_seconds
    stored = [digest for digest in files.digests() if files.modified_at(digest) < oldest_kept]
    with database.reading() as session:
        referenced = referenced_files(session)
    unreferenced = [digest for digest in stored if digest not in referenced]
    for digest in unreferenced:
        if files.modified_at(digest) < oldest_kept:  # stored once more since: somebody wants it
            files.delete(digest)
    return len(unreferenced)
