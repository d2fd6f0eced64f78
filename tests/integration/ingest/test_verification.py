"""SQL, the index and the file store: what they disagree on is found, named and mended."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.workplace import Workplace
from ingest.services import IngestServices
from ingest.verification import rebuild, repair, verify
from kb_platform import document_changes
from kb_platform.database.tables import DocumentVersion, JobKind, JobState, VersionState
from kb_platform.index import IndexedChunk, VectorIndex
from kb_platform.jobs import Lease, LeaseLost, add_job, take_lease
from kb_platform.settings import IndexSettings

TEXT = "# 图书馆\n\n每位学生最多可借三十册图书。\n\n# 宿舍\n\n宿舍晚上十一点熄灯。\n"
BORROWING = "最多可借几册图书"


@pytest.fixture
def version_id(workplace: Workplace) -> str:
    added = workplace.add(TEXT)
    workplace.run(added.job)
    return added.version_id


def point(workplace: Workplace, version_id: str, knowledge_base_id: str = "") -> IndexedChunk:
    vector = np.ones(workplace.services.index.dimension, np.float32)
    base = knowledge_base_id or workplace.knowledge_base_id
    return IndexedChunk(str(uuid.uuid4()), vector, "words", base, str(uuid.uuid4()), version_id, 0)


def test_nothing_is_found_where_all_is_well(workplace: Workplace, version_id: str) -> None:
    found = verify(workplace.services)
    assert not found
    assert (found.documents, found.passages > 0) == (1, True)


def test_lost_points_are_found_and_put_back(workplace: Workplace, version_id: str) -> None:
    workplace.services.index.delete_version(version_id)
    found = verify(workplace.services)
    assert len(found.incorrect_documents) == 1
    assert workplace.found(BORROWING) == []
    repair(found, workplace.services)
    assert not verify(workplace.services)
    assert "三十册" in workplace.found(BORROWING)[0]


def test_a_point_made_from_other_words_is_made_again(workplace: Workplace, version_id: str) -> None:
    held = next(one for one in workplace.services.index.points() if one.version_id == version_id)
    stale = replace(point(workplace, version_id), id=held.id, content_hash="of other words")
    workplace.services.index.upsert([stale], published=True)
    found = verify(workplace.services)
    assert found.orphan_points == ()
    assert len(found.incorrect_documents) == 1
    repair(found, workplace.services)
    assert not verify(workplace.services)


def test_points_of_nothing_are_found_and_removed(workplace: Workplace, version_id: str) -> None:
    orphan = point(workplace, str(uuid.uuid4()))
    workplace.services.index.upsert([orphan], published=True)
    found = verify(workplace.services)
    assert found.orphan_points == (orphan.id,)
    repair(found, workplace.services)
    assert not verify(workplace.services)


def test_a_version_that_is_being_read_is_left_alone(workplace: Workplace, version_id: str) -> None:
    reading = workplace.add(TEXT + "\n# neu\n\nmehr", name="b.md")
    with workplace.services.database.writing() as session:
        session.get_one(DocumentVersion, reading.version_id).state = VersionState.EMBEDDING
    workplace.services.index.upsert([point(workplace, reading.version_id)])
    assert not verify(workplace.services)


def test_a_lost_original_is_named(workplace: Workplace, version_id: str) -> None:
    version = workplace.version(version_id)
    workplace.services.files.delete(version.file_sha256)
    assert verify(workplace.services).missing_files == (version.document_id,)


def test_a_file_that_nothing_names_is_counted(workplace: Workplace, version_id: str) -> None:
    before = verify(workplace.services).unreferenced_files
    workplace.services.files.put([b"nobody's"])
    assert verify(workplace.services).unreferenced_files == before + 1


def test_a_lost_index_is_rebuilt_from_sql(workplace: Workplace, version_id: str, index_url: str) -> None:
    fresh = VectorIndex(
        IndexSettings(url=index_url, collection_prefix=uuid.uuid4().hex),
        workplace.services.embedding.name,
        workplace.services.embedding.dimension,
    )
    fresh.ensure_collection()
    services = replace(workplace.services, index=fresh)
    assert rebuild(services) == 1
    assert not verify(services)


def test_another_model_is_built_beside_and_takes_over_in_one_step(
    workplace: Workplace, version_id: str, index_url: str
) -> None:
    class OtherName:
        """The same weights under the name of another model: ids and collection are the new model's."""

        name = "another-model"

        def __getattr__(self, name: str) -> object:
            return getattr(workplace.counting, name)

    settings = IndexSettings(url=index_url, collection_prefix=uuid.uuid4().hex)
    beside = VectorIndex(settings, OtherName.name, workplace.services.embedding.dimension)
    beside.ensure_collection()
    new = IngestServices(
        workplace.services.database,
        workplace.services.files,
        OtherName(),  # type: ignore[arg-type]
        beside,
        workplace.services.settings,
    )
    assert "三十册" in workplace.found(BORROWING)[0]
    rebuild(new)
    assert not verify(new)
    assert workplace.version(version_id).embedding_model == "another-model"
    before = workplace.counting.passages
    rebuild(new)
    assert workplace.counting.passages == before


def test_the_reconciler_s_job_mends_and_ends(workplace: Workplace, version_id: str) -> None:
    workplace.services.index.delete_version(version_id)
    workplace.services.index.upsert([point(workplace, str(uuid.uuid4()))])
    with workplace.services.database.writing() as session:
        job = add_job(session, JobKind.RECONCILE_INDEX, "")
    assert workplace.run(document_changes.QueuedJob(job.id, job.priority)).state == JobState.SUCCEEDED
    assert not verify(workplace.services)


def test_a_worker_whose_job_was_paused_writes_nothing_more(workplace: Workplace) -> None:
    added = workplace.add(TEXT)
    assert added.job is not None
    job = take_lease(workplace.services.database, added.job.id, "worker", 30)
    assert job is not None
    document_changes.pause_document(workplace.services.database, added.document_id)
    with Lease(workplace.services.database, job, "worker", 30) as lease:
        with pytest.raises(LeaseLost), workplace.services.database.writing() as session:
            lease.confirm(session)
        time.sleep(1.5)
        with pytest.raises(LeaseLost):
            lease.check()
