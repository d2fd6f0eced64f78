"""Building the search graph beside a running engine: nothing waits for it, nothing is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import qdrant_edge as edge

from kb_platform.index.embedded import optimizing
from kb_platform.index.embedded.catalogue import Catalogue
from kb_platform.index.embedded.collection import Collection, create_collection, open_collection
from kb_platform.index.embedded.optimizing import has_gained_enough, keep_optimised, optimise

SIZE = 32
POINTS = 5_000
DESCRIPTION = {
    "vectors": {"dense": {"size": SIZE, "distance": "Cosine"}},
    "optimizers_config": {"indexing_threshold": 100},
}


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    made = create_collection(tmp_path / "collection", "c", DESCRIPTION)
    vectors = np.random.default_rng(0).standard_normal((POINTS, SIZE)).astype(np.float32)
    upsert(made, range(POINTS), vectors)
    return made


def upsert(collection: Collection, ids: range, vectors: np.ndarray) -> None:
    points = [
        edge.Point(id=id_, vector={"dense": vector.tolist()}, payload={"n": id_})
        for id_, vector in zip(ids, vectors, strict=True)
    ]
    collection.update(edge.UpdateOperation.upsert_points(points))


def count(collection: Collection) -> int:
    return collection.shard.count(edge.CountRequest())


@pytest.mark.parametrize(
    ("gained", "indexed", "quiet", "due"),
    [
        (150, 0, True, False),
        (250, 0, True, True),
        (250, 0, False, False),
        (1_100, 0, False, True),
        (1_100, 10_000, False, False),
        (2_600, 10_000, False, True),
        (250, 10_000, True, True),
    ],
)
def test_a_long_upload_into_a_large_collection_is_not_copied_again_and_again(
    gained: float, indexed: float, quiet: bool, due: bool
) -> None:
    assert has_gained_enough(gained, indexed, 100, quiet) is due


async def test_updates_made_meanwhile_are_kept_and_queries_go_on(collection: Collection) -> None:
    before = collection.shard.info().indexed_vectors_count
    optimising = asyncio.create_task(optimise(collection))
    answered = 0
    added = 0
    while not optimising.done():
        await asyncio.sleep(0.05)
        if not collection.writable.is_set():
            continue
        upsert(collection, range(POINTS + added, POINTS + added + 1), np.ones((1, SIZE), np.float32))
        added += 1
        collection.update(edge.UpdateOperation.delete_points([added]))
        body = {"query": [1.0] * SIZE, "using": "dense", "limit": 1, "params": {"exact": True}}
        ((best,),) = collection.query([body])
        assert best.id >= POINTS
        answered += 1
    assert await optimising
    assert answered > 0
    assert before < POINTS < collection.shard.info().indexed_vectors_count + added + 1
    assert count(collection) == POINTS
    reopened = _reopen(collection)
    assert count(reopened) == POINTS
    assert len(list(reopened.folder.glob("shard-*"))) == 1
    reopened.close()


async def test_where_more_comes_meanwhile_than_memory_should_hold_the_copy_is_given_up(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizing, "MOST_REMEMBERED_BYTES", 1_000)
    monkeypatch.setattr(optimizing, "WATCH_SECONDS", 0.01)  # the copy of so few may be made within a second
    optimising = asyncio.create_task(optimise(collection))
    added = 0
    while not optimising.done():
        await asyncio.sleep(0.01)
        if collection.writable.is_set():
            point = edge.Point(id=POINTS + added, vector={"dense": [1.0] * SIZE}, payload={})
            collection.update(edge.UpdateOperation.upsert_points([point]), size=400)
            added += 1
    assert not await optimising
    assert collection.on_update is None
    assert count(collection) == POINTS + added
    assert [path.name for path in collection.folder.glob("shard-*")] == [collection.shard_name]


async def test_a_collection_that_fails_does_not_end_the_upkeep_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizing, "LOOK_SECONDS", 0.01)
    catalogue = Catalogue(tmp_path)
    for name in ("a", "b"):
        catalogue.create(name, DESCRIPTION)
    broken, whole = catalogue
    for one in (broken, whole):
        upsert(one, range(10), np.ones((10, SIZE), np.float32))
    broken.shard.close()
    upkeep = asyncio.create_task(keep_optimised(catalogue))
    for _ in range(2):
        upsert(whole, range(10), np.ones((10, SIZE), np.float32))
        async with asyncio.timeout(10):
            while whole.unflushed:
                await asyncio.sleep(0.01)
    upkeep.cancel()
    whole.close()


def test_a_copy_that_was_not_finished_is_thrown_away(tmp_path: Path) -> None:
    made = create_collection(tmp_path / "collection", "c", DESCRIPTION)
    upsert(made, range(10), np.ones((10, SIZE), np.float32))
    (made.folder / "shard-2").mkdir()
    (made.folder / "shard-2" / "half").write_text("")
    reopened = _reopen(made)
    assert count(reopened) == 10
    assert [path.name for path in reopened.folder.glob("shard-*")] == ["shard-1"]
    reopened.close()


def _reopen(collection: Collection) -> Collection:
    collection.close()
    reopened = open_collection(collection.folder)
    assert reopened is not None
    return reopened


async def test_what_is_deleted_goes_for_good(collection: Collection) -> None:
    collection.update(edge.UpdateOperation.delete_points(list(range(POINTS // 2))))
    assert collection.deleted == POINTS // 2
    before = size(collection)
    assert await optimise(collection)
    assert count(collection) == POINTS - POINTS // 2
    assert size(collection) < before
    collection.close()


async def test_a_copy_that_fails_leaves_the_collection_as_it_was(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("shutil.copytree", full)
    with pytest.raises(OSError, match="no space"):
        await optimise(collection)
    assert collection.writable.is_set()
    upsert(collection, range(POINTS, POINTS + 1), np.ones((1, SIZE), np.float32))
    assert count(collection) == POINTS + 1
    collection.close()


def size(collection: Collection) -> int:
    """Bytes of the shard's segments (its log has a fixed size)."""
    segments = collection.folder / collection.shard_name / "segments"
    return sum(path.stat().st_blocks * 512 for path in segments.rglob("*") if path.is_file())
