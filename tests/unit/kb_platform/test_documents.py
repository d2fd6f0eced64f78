"""Uploading, replacing, retrying and deleting leave rows, files and jobs that agree."""

from __future__ import annotations

import os
import time

import pytest
from sqlalchemy import select

from kb_platform import document_changes, documents
from kb_platform.database.engine import Database
from kb_platform.database.tables import Document, DocumentVersion, Job, JobState, VersionState
from kb_platform.documents import AddedDocument
from kb_platform.domain.errors import Conflict, NotFound
from kb_platform.files import FileStore
from kb_platform.garbage import collect_files


@pytest.fixture
def add(database: Database, files: FileStore, knowledge_base_id: str, user_id: str):  # type: ignore[no-untyped-def]
    def add(name: str, content: bytes, password: str = "") -> AddedDocument:
        return documents.add_document(database, files, knowledge_base_id, name, [content], user_id, password)

    return add


def states(database: Database) -> list[tuple[int, str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(DocumentVersion).order_by(DocumentVersion.number))
        return [(row.number, row.state, row.error_code) for row in rows]


def test_an_upload_makes_one_document_one_version_one_job(database: Database, files: FileStore, add) -> None:  # type: ignore[no-untyped-def]
    added = add("规定.txt", "第一条".encode())
    assert added.is_new
    assert added.job is not None
    with database.reading() as session:
        job = session.get_one(Job, added.job.id)
        version = session.get_one(DocumentVersion, added.version_id)
    assert (job.target_id, job.state) == (version.id, JobState.QUEUED)
    assert files.read(version.file_sha256).decode() == "第一条"


def test_the_same_name_again_is_the_next_version_and_gives_up_the_one_being_read(database: Database, add) -> None:  # type: ignore[no-untyped-def]
    first, second = add("a.txt", b"one"), add("a.txt", b"two")
    assert second.document_id == first.document_id
    assert not second.is_new
    assert states(database) == [(1, VersionState.FAILED, "replaced"), (2, VersionState.QUEUED, "")]
    with database.reading() as session:
        assert session.get_one(Job, first.job.id).state == JobState.CANCELLED


def test_the_same_file_again_is_not_read_again(database: Database, add) -> None:  # type: ignore[no-untyped-def]
    add("a.txt", b"one")
    again = add("a.txt", b"one")
    assert again.unchanged
    assert again.job is None
    assert len(states(database)) == 1


def test_small_files_go_before_large_ones(add) -> None:  # type: ignore[no-untyped-def]
    small, large = add("small.txt", b"x"), add("large.txt", b"x" * (25 * 1024 * 1024))
    assert small.job.priority < large.job.priority


def test_a_deleted_document_is_hidden_at_once_and_its_name_is_free(database: Database, add) -> None:  # type: ignore[no-untyped-def]
    first = add("a.txt", b"one")
    document_changes.delete_document(database, first.document_id)
    with pytest.raises(NotFound):
        document_changes.delete_document(database, first.document_id)
    second = add("a.txt", b"one")
    assert second.is_new
    with database.reading() as session:
        assert session.get_one(Job, first.job.id).state == JobState.CANCELLED
        assert session.get_one(Document, first.document_id).deleted_at is not None


def test_only_what_failed_is_read_again(database: Database, add) -> None:  # type: ignore[no-untyped-def]
    added = add("a.txt", b"one")
    with pytest.raises(Conflict, match=r"a\.txt"):
        document_changes.retry_document(database, added.document_id)
    with database.writing() as session:
        session.get_one(DocumentVersion, added.version_id).state = VersionState.FAILED
    document_changes.retry_document(database, added.document_id, "encrypted")
    assert states(database) == [(1, VersionState.QUEUED, "")]


def test_nothing_is_added_to_a_deleted_knowledge_base(database: Database, knowledge_base_id: str, add) -> None:  # type: ignore[no-untyped-def]
    document_changes.delete_knowledge_base(database, knowledge_base_id)
    with pytest.raises(NotFound):
        add("a.txt", b"one")


def test_only_files_that_nothing_refers_to_and_that_are_old_are_collected(
    database: Database, files: FileStore, add
) -> None:  # type: ignore[no-untyped-def]
    add("kept.txt", b"kept")
    orphan, young = files.put([b"orphan"]), files.put([b"young"])
    hour_ago = time.time() - 7200
    for digest in list(files.digests()):
        if digest != young.sha256:
            os.utime(files.path(digest), (hour_ago, hour_ago))
    assert collect_files(database, files) == 1
    assert orphan.sha256 not in set(files.digests())
    assert young.sha256 in set(files.digests())


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 64, "A" * 64, "0" * 63 + "/"])
def test_a_stored_name_that_is_no_digest_is_never_a_path(files: FileStore, name: str) -> None:
    with pytest.raises(NotFound):
        files.path(name)
