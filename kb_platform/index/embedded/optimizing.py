"""Keeping search fast while points arrive.

New points are searched one by one until the engine has built a graph over them. Building (`EdgeShard.optimize`) takes
minutes for hundreds of thousands of points and holds Python's lock all that time, so it is done by another process on
a copy of the shard; this process goes on answering and remembers the updates made meanwhile, applies them to the
finished copy, and serves from it. A crash at any moment loses nothing: until the last step the old shard is the one
that counts, and a copy that was not finished is thrown away at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import qdrant_edge as edge

from kb_platform.index.embedded.warming import warm

if TYPE_CHECKING:
    from kb_platform.index.embedded.catalogue import Catalogue
    from kb_platform.index.embedded.collection import Collection

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
QUIET_SECONDS = 3.0
"""No update for this long before a copy is made: a large upload is then one optimisation, not many."""
DUE = 2
"""Optimising is due with so many times the vectors without a graph that the engine would build one over."""
OVERDUE = 10
"""With so many times it does not wait for quiet,"""
OVERDUE_SHARE = 0.25
"""if that is also so much of what has a graph: each optimisation copies the whole shard."""
FEWEST_DELETED = 1000
DELETED_SHARE = 0.2
"""Deleted points take room and bend the term statistics until the engine makes the shard anew without them."""
MOST_REMEMBERED_BYTES = 1024**3
"""Of requests whose updates are remembered while a copy is optimised: some hundred thousand passages. With more it is
given up and tried again later; without a bound an upload of a million took all memory."""
WATCH_SECONDS = 1.0
"""Between two looks at how much is remembered."""


async def keep_optimised(catalogue: Catalogue) -> None:
    """Flush and optimise collections as needed, and have them in memory, until cancelled."""
    watches: dict[Collection, _Watch] = {}
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        for collection in catalogue:
            try:
                if collection not in watches:
                    watches[collection] = _Watch(collection)
                    await _warm(collection)
                await _look_after(collection, watches[collection])
            except Exception:  # a full disk, a refusing engine or a collection just deleted must not end the upkeep
                logger.exception("upkeep of %s failed; it is tried again", collection.name)
        watches = {collection: watches[collection] for collection in catalogue if collection in watches}


async def _look_after(collection: Collection, watch: _Watch) -> None:
    collection.flush()
    if not watch.is_due():
        return
    try:
        if await optimise(collection):
            await _warm(collection)
    finally:
        watch.optimised()


async def _warm(collection: Collection) -> None:
    pieces = warm(collection.folder / collection.shard_name)
    while await asyncio.to_thread(next, pieces, 0):
        pass  # piece by piece, so that the end of this process does not wait for gigabytes


class _Watch:
    """Decides when a collection is due."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._updates = collection.updates
        self._last_update = time.monotonic()
        self._left_unindexed = 0.0

    def is_due(self) -> bool:
        moved = self._collection.updates != self._updates
        if moved:
            self._updates, self._last_update = self._collection.updates, time.monotonic()
        quiet = time.monotonic() - self._last_update >= QUIET_SECONDS
        points = self._collection.shard.info().points_count
        if quiet and self._collection.deleted > max(FEWEST_DELETED, DELETED_SHARE * points):
            return True
        gained = self._unindexed_kib() - self._left_unindexed
        return has_gained_enough(gained, self._indexed_kib(), self._collection.indexing_threshold_kib, quiet)

    def optimised(self) -> None:
        """Note what the engine left without a graph (it builds none over few points)."""
        self._left_unindexed = self._unindexed_kib()
        self._collection.deleted = 0

    def _unindexed_kib(self) -> float:
        info = self._collection.shard.info()
        return self._kib(max(0, info.points_count * self._collection.vectors_per_point - info.indexed_vectors_count))

    def _indexed_kib(self) -> float:
        return self._kib(self._collection.shard.info().indexed_vectors_count)

    def _kib(self, vectors: int) -> float:
        return vectors * max(self._collection.dense_sizes.values(), default=0) * 4 / 1024


def has_gained_enough(gained_kib: float, indexed_kib: float, threshold_kib: int, quiet: bool) -> bool:
    """Whether so many KiB of vectors without a graph are worth an optimisation, beside those that have one."""
    if quiet:
        return gained_kib > DUE * threshold_kib
    return gained_kib > max(OVERDUE * threshold_kib, OVERDUE_SHARE * indexed_kib)


@dataclass
class Journal:
    """The updates since a copy was made, and how many bytes their requests had."""

    updates: list[edge.UpdateOperation] = field(default_factory=list)
    size: int = 0

    def remember(self, update: edge.UpdateOperation, size: int) -> None:
        self.updates.append(update)
        self.size += size


async def optimise(collection: Collection) -> bool:
    """Serve the collection from an optimised copy of its shard. Returns False when it was given up."""
    began = time.monotonic()
    journal = Journal()
    name = f"shard-{int(collection.shard_name.removeprefix('shard-')) + 1}"
    copy = collection.folder / name
    try:
        await _copy_of_one_moment(collection, copy)
        collection.on_update = journal.remember  # nothing came between: no await since the copy
        if not await _optimise_in_child(str(copy), journal):
            return False
        shard = edge.EdgeShard.load(str(copy))
        await _catch_up(shard, journal.updates)
        collection.replace_shard(name, shard)
    finally:
        collection.on_update = None
        if collection.shard_name != name:
            shutil.rmtree(copy, ignore_errors=True)
    logger.info("optimised %s in %.1f s", collection.name, time.monotonic() - began)
    return True


async def _copy_of_one_moment(collection: Collection, copy: Path) -> None:
    collection.writable.clear()
    try:
        collection.shard.flush()
        await asyncio.to_thread(shutil.copytree, collection.folder / collection.shard_name, copy)
    finally:
        collection.writable.set()


async def _optimise_in_child(folder: str, journal: Journal) -> bool:
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, folder)
    try:
        while True:
            with contextlib.suppress(TimeoutError):
                status = await asyncio.wait_for(child.wait(), timeout=WATCH_SECONDS)
                if status:
                    logger.error("optimising %s ended with status %d", folder, status)
                return status == 0
            if journal.size > MOST_REMEMBERED_BYTES:
                logger.info("optimising %s given up: too many updates meanwhile", folder)
                return False
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def _catch_up(shard: edge.EdgeShard, updates: list[edge.UpdateOperation]) -> None:
    """Apply the remembered updates, letting requests in between; nothing comes between the last and the return."""
    done = 0
    while done < len(updates):
        shard.update(updates[done])
        done += 1
        if done < len(updates):
            await asyncio.sleep(0)


def main(folder: str) -> None:
    """Optimise the shard in the folder, at low priority."""
    os.nice(5)
    shard = edge.EdgeShard.load(folder)
    shard.optimize()
    shard.flush()
    shard.close()


if __name__ == "__main__":
    main(sys.argv[1])
