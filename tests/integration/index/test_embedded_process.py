"""The embedded engine's process: what it promises when it is stopped, killed, started twice, and busy."""

from __future__ import annotations

import random
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from kb_platform.domain.access import AccessScope
from kb_platform.domain.errors import IndexUnavailable
from kb_platform.index import VectorIndex
from kb_platform.index.sparse import SparseVector, passage_vector
from kb_platform.settings import IndexSettings
from tests.integration.index.conftest import DIMENSION, MODEL, EngineProcess, chunks

EVERYTHING = AccessScope("user", frozenset({"kb"}))


def test_it_ends_cleanly_when_asked_and_keeps_everything(folder: Path, engine: EngineProcess) -> None:
    engine.index().upsert(chunks(50))
    assert engine.stop() == 0
    again = EngineProcess(folder).wait_until_ready()
    try:
        assert again.index().count() == 50
    finally:
        again.kill()


def test_kill_9_loses_no_acknowledged_point(folder: Path) -> None:
    acknowledged: list[str] = []
    for round_number in range(3):
        engine = EngineProcess(folder).wait_until_ready()
        index = engine.index()

        def write(index: VectorIndex = index, round_number: int = round_number) -> None:
            batch = 0
            while True:
                some = chunks(16, seed=1000 * round_number + batch)
                try:
                    index.upsert(some)
                except IndexUnavailable:
                    return
                acknowledged.extend(chunk.id for chunk in some)
                batch += 1

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(random.uniform(0.3, 0.8))
        engine.kill()
        writer.join()
    engine = EngineProcess(folder).wait_until_ready()
    try:
        kept = {point.id for point in engine.index().points()}
        assert len(acknowledged) > 16
        assert set(acknowledged) <= kept
    finally:
        engine.kill()


def test_a_folder_has_one_owner(folder: Path, engine: EngineProcess) -> None:
    second = EngineProcess(folder)
    assert second.process.wait(timeout=60) == 1
    assert engine.index().count() == 0


def test_while_it_is_away_the_index_is_unavailable_and_then_answers_again(folder: Path, engine: EngineProcess) -> None:
    index = engine.index()
    engine.process.send_signal(signal.SIGKILL)
    engine.process.wait()
    with pytest.raises(IndexUnavailable):
        index.count()


def test_a_web_page_cannot_write_to_it(engine: EngineProcess) -> None:
    index = engine.index()
    index.upsert(chunks(1))
    response = httpx.post(
        f"{engine.url}/collections/{index.collection}/points/delete",
        content=b'{"filter": {"must": [{"key": "version_id", "match": {"except": ["x"]}}]}}',
        headers={"content-type": "text/plain"},
    )
    assert response.status_code == 400
    assert index.count() == 1


def test_with_a_key_nobody_else_is_let_in(folder: Path) -> None:
    engine = EngineProcess(folder, {"KB_INDEX__API_KEY": "secret"}).wait_until_ready()
    try:
        with pytest.raises(IndexUnavailable):
            engine.index()
        allowed = VectorIndex(IndexSettings(url=engine.url, api_key="secret"), MODEL, DIMENSION)
        allowed.ensure_collection()
        assert allowed.count() == 0
    finally:
        engine.kill()


def test_two_processes_may_make_the_collection_at_once(engine: EngineProcess) -> None:
    indexes = [VectorIndex(IndexSettings(url=engine.url), MODEL, DIMENSION) for _ in range(8)]
    errors: list[Exception] = []

    def make(index: VectorIndex) -> None:
        try:
            index.ensure_collection()
        except IndexUnavailable as error:
            errors.append(error)

    threads = [threading.Thread(target=make, args=(index,)) for index in indexes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert indexes[0].count() == 0


def test_points_are_found_only_once_published_and_then_all_of_them(engine: EngineProcess) -> None:
    index = engine.index()
    version = chunks(40)
    index.upsert(version)
    assert index.search(version[0].vector, "passage", EVERYTHING, 100) == []
    index.publish(version[0].version_id)
    assert len(index.search(version[0].vector, "passage", EVERYTHING, 100)) == 40


def test_vectors_come_back_as_they_went_in(engine: EngineProcess) -> None:
    index = engine.index()
    version = chunks(3)
    index.upsert(version)
    found = index.vectors([chunk.id for chunk in version] + ["6c1f9a52-0f6c-4a3e-9c8f-4b1d2f7f0a11"])
    assert found.keys() == {chunk.id for chunk in version}
    for chunk in version:
        assert np.allclose(found[chunk.id].dense, chunk.vector, atol=1e-6)
        assert weights(found[chunk.id].sparse) == pytest.approx(weights(passage_vector(chunk.text)))


def test_a_sparse_vector_that_is_known_is_not_made_again(engine: EngineProcess) -> None:
    index = engine.index()
    (chunk,) = chunks(1)
    index.upsert([replace(chunk, text="other words", sparse=passage_vector(chunk.text))])
    kept = index.vectors([chunk.id])[chunk.id].sparse
    assert weights(kept) == pytest.approx(weights(passage_vector(chunk.text)))


def weights(vector: SparseVector) -> dict[int, float]:
    return dict(zip(vector.indices, vector.values, strict=True))


def test_each_deletion_takes_what_it_names_and_no_more(engine: EngineProcess) -> None:
    index = engine.index()
    old, new = chunks(5), chunks(7, seed=1)
    index.upsert([*old, *new])
    index.delete_version(old[0].version_id)
    assert {point.version_id for point in index.points()} == {new[0].version_id}
    index.delete([new[0].id])
    assert (index.count(), index.count(new[0].version_id)) == (6, 6)
    index.delete_document("another")
    index.delete_knowledge_base("another")
    assert index.count() == 6
    index.delete_document("document")
    assert index.count() == 0
