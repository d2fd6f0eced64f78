"""Which cores a worker process embeds with, on a machine without a GPU.

Matrix products that share cores wait for each other at every step, so the worker's processes share the machine out: one
that embeds alone uses all cores, several use their part each. The parts are locks on files, which end with their
holder. Who holds not all of them takes them for a turn of some passages, so that a long document's process soon has the
cores of one that has come to its end.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb_platform.settings import Settings

TURN_PASSAGES = 16
"""For each part that is held: a pass or two. Two passes at once of a turn so short take some hundredths longer."""
GIVE_WAY_SECONDS = 0.001
"""Between two turns, or whoever waits for a part would find it taken again each time that it is given back."""

Embed = Callable[[Sequence[str], int], NDArray[np.float32]]
"""Texts and how many passes may run at once → a vector for each text."""


def embed_in_turns(texts: Sequence[str], settings: Settings, embed: Embed) -> list[NDArray[np.float32]]:
    """Return the vectors of the texts, in their order, embedded with the cores that are free at each turn."""
    if not _is_on_cores(settings):
        return list(embed(texts, 1))
    vectors: list[NDArray[np.float32]] = []
    while len(vectors) < len(texts):
        if vectors:
            time.sleep(GIVE_WAY_SECONDS)
        with embedding_cores(settings) as lanes:
            turn = len(texts) if lanes == _parts(settings) else lanes * TURN_PASSAGES
            vectors.extend(embed(texts[len(vectors) : len(vectors) + turn], lanes))
    return vectors


@contextmanager
def embedding_cores(settings: Settings) -> Iterator[int]:
    """Let torch use the cores that no other process of this machine's worker embeds with, for the length of the block;
    waits where none is free. Yields how many processes' parts these are, and so how many passes may run at once."""
    import torch  # here, since the parser's children load this package without it

    parts = _parts(settings)
    with ExitStack() as held:
        taken = _take_parts([_part(settings, number) for number in range(parts)], held)
        torch.set_num_threads(max(1, _cores() * taken // parts))
        yield taken


def _is_on_cores(settings: Settings) -> bool:
    """Return whether this process's cores embed: not a model elsewhere, nor one on a GPU."""
    return not settings.embedding.base_url and not settings.embedding.device.startswith("cuda")


def _cores() -> int:
    return os.cpu_count() or 1


def _parts(settings: Settings) -> int:
    return min(max(1, settings.queue.concurrency), _cores())


def _take_parts(paths: list[Path], held: ExitStack) -> int:
    """Lock as many of the parts as are free, at least one. Returns how many."""
    first = os.getpid() % len(paths)
    ordered = paths[first:] + paths[:first]
    taken = sum(_lock(path, held, wait=False) for path in ordered)
    return taken or _lock(ordered[0], held, wait=True)


def _lock(path: Path, held: ExitStack, wait: bool) -> int:
    """Lock the file until `held` closes. Returns 1, or 0 where another holds it and it is not waited for."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        held.callback(os.close, descriptor)
        return 1
    os.close(descriptor)
    return 0


def _part(settings: Settings, number: int) -> Path:
    # In the machine's own temporary folder: the data folder may be shared by machines, and each has cores of its own.
    owner = hashlib.sha256(f"{os.getuid()} {settings.data_dir.resolve()}".encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"kb-embedding-{owner}-{number}.lock")
