"""One embedding at a time on a machine without a GPU.

The worker's processes would each use all cores, and matrix products that share cores wait for each other at every
step. In turns each has the whole machine for a few seconds, while the others parse, write and wait.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb_platform.settings import Settings


@contextmanager
def embedding_turn(settings: Settings) -> Iterator[None]:
    """Hold the machine's turn for the length of the block. A model elsewhere, or on a GPU, needs none."""
    if settings.embedding.base_url or settings.embedding.device.startswith("cuda"):
        yield
        return
    # In the machine's own temporary folder: the data folder may be shared by machines, and each has cores of its own.
    owner = hashlib.sha256(f"{os.getuid()} {settings.data_dir.resolve()}".encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir(), f"kb-embedding-{owner}.lock")
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
