"""SQL, the index and the file store: what they disagree on is found, named and mended."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.workplace import Workplace
from ingest.services import IngestServices
from ingest.verification import rebuild, repair, verify
from kb_platform import document_changes
from kb_platform.database.tables import DocumentVersion, JobKind, JobState, VersionState
from kb_platform.embedding import EmbeddingModel
from kb_platform.index import IndexedChunk, VectorIndex
from kb_platform.jobs import Lease, LeaseLost, add_job, take_lease
from kb_platform.settings import IndexSettings

TEXT = "# 图书馆\n\n每位学生最多可借三十册图书。\n\n# 宿舍\n\n宿舍晚上十一点熄灯。\n"
BORROWING = "最多可借几册图书"


@pytest.fixture
def place(tmp_path: Path, index_url: str, embedding: EmbeddingModel) -> Iterator[Workplace]:
    made = Workplace(tmp_path, index_url, embedding)
    yield made
    made.close()


@pytest.fixture
def version_id(place: Workplace) -> str:
    added = place.add(TEXT)
    place.run(added.job)
    return added.version_id


def point(place: Workplace, version_id: str, knowledge_base_id: str = "") -> IndexedChunk:
    vector = np.ones(place.services.index.dimension, np.float32)
    base = knowledge_base_id or place.knowledge_base_id
    return IndexedChunk(str(uuid.uuid4()), vector, "words", base, str(uuid.uuid4()), version_id, 0)


def test_nothing_is_found_where_all_is_well(place: Workplace, version_id: str) -> None:
    found = verify(place.services)
    assert not found
    assert (found.documents, found.passages > 0) == (1, True)


def test_lost_points_are_found_and_put_back(place: Workplace, version_id: str) -> None:
    place.services.index.delete_version(version_id)
    found = verify(place.services)
    assert len(found.incorrect_documents) == 1
    assert place.found(BORROWING) == []
    repair(found, place.services)
    assert not verify(place.services)
    assert "三十册" in place.found(BORROWING)[0]


def test_a_point_made_from_other_words_is_made_again(place: Workplace, version_id: str) -> None:
    held = next(one for one in place.services.index.points() if one.version_id == version_id)
    stale = replace(point(place, version_id), id=held.id, content_hash="of other words")
    place.services.index.upsert([stale], published=True)
    found = verify(place.services)
    assert found.orphan_points == ()
    assert len(found.incorrect_documents) == 1
    repair(found, place.services)
    assert not verify(place.services)


def test_points_of_nothing_are_found_and_removed(place: Workplace, version_id: str) -> None:
    orphan = point(place, str(uuid.uuid4()))
    place.services.index.upsert([orphan], published=True)
    found = verify(place.services)
    assert found.orphan_points == (orphan.id,)
    repair(found, place.services)
    assert not verify(place.services)


def test_a_version_that_is_being_read_is_left_alone(place: Workplace, version_id: str) -> None:
    reading = place.add(TEXT + "\n# neu\n\nmehr", name="b.md")
    with place.services.database.writing() as session:
        session.get_one(DocumentVersion, reading.version_id).state = VersionState.EMBEDDING
    place.services.index.upsert([point(place, reading.version_id)])
    assert not verify(place.services)


def test_a_lost_original_is_named(place: Workplace, version_id: str) -> None:
    version = place.version(version_id)
    place.services.files.delete(version.file_sha256)
    assert verify(place.services).missing_files == (version.document_id,)


def test_a_file_that_nothing_names_is_counted(place: Workplace, version_id: str) -> None:
    before = verify(place.services).unreferenced_files
    place.services.files.put([b"nobody's"])
    assert verify(place.services).unreferenced_files == before + 1


def test_a_lost_index_is_rebuilt_from_sql(place: Workplace, version_id: str, index_url: str) -> None:
    fresh = VectorIndex(
        IndexSettings(url=index_url, collection_prefix=uuid.uuid4().hex),
        place.services.embedding.name,
        place.services.embedding.dimension,
    )
    fresh.ensure_collection()
    services = replace(place.services, index=fresh)
    assert rebuild(services) == 1
    assert not verify(services)


def test_another_model_is_built_beside_and_takes_over_in_one_step(
    place: Workplace, version_id: str, index_url: str
) -> None:
    class OtherName:
        """The same weights under the name of another model: ids and collection are the new model's."""

        name = "another-model"

        def __getattr__(self, name: str) -> object:
            return getattr(place.counting, name)

    settings = IndexSettings(url=index_url, collection_prefix=uuid.uuid4().hex)
    beside = VectorIndex(settings, OtherName.name, place.services.embedding.dimension)
    beside.ensure_collection()
    new = IngestServices(
        place.services.database,
        place.services.files,
        OtherName(),  # type: ignore[arg-type]
        beside,
        place.services.settings,
    )
    assert "三十册" in place.found(BORROWING)[0]
    rebuild(new)
    assert not verify(new)
    assert place.version(version_id).embedding_model == "another-model"
    before = place.counting.passages
    rebuild(new)
    assert place.counting.passages == before


def test_the_reconciler_s_job_mends_and_ends(place: Workplace, version_id: str) -> None:
    place.services.index.delete_version(version_id)
    place.services.index.upsert([point(place, str(uuid.uuid4()))])
    with place.services.database.writing() as session:
        job = add_job(session, JobKind.RECONCILE_INDEX, "")
    assert place.run(document_changes.QueuedJob(job.id, job.priority)).state == JobState.SUCCEEDED
    assert not verify(place.services)


def test_a_worker_whose_job_was_paused_writes_nothing_more(place: Workplace) -> None:
    added = place.add(TEXT)
    assert added.job is not None
    job = take_lease(place.services.database, added.job.id, "worker", 30)
    assert job is not None
    document_changes.pause_document(place.services.database, added.document_id)
    with Lease(place.services.database, job, "worker", 30) as lease:
        with pytest.raises(LeaseLost), place.services.database.writing() as session:
            lease.confirm(session)
        time.sleep(1.5)
        with pytest.raises(LeaseLost):
            lease.check()
