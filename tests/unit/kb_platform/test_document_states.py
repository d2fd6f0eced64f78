from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from kb_platform.database.engine import Database
from kb_platform.database.tables import Document, DocumentVersion, VersionState, now
from kb_platform.document_changes import delete_document
from kb_platform.document_states import DocumentState, changed_documents, document_state, live_documents
from kb_platform.documents import add_document
from kb_platform.files import FileStore


@pytest.fixture
def document_id(database: Database, files: FileStore, knowledge_base_id: str, user_id: str) -> str:
    return add_document(database, files, knowledge_base_id, "a.txt", [b"one"], user_id).document_id


def publish(database: Database, document_id: str) -> None:
    """What the pipeline does last."""
    with database.writing() as session:
        document = session.get_one(Document, document_id)
        version = max(document.versions, key=lambda row: row.number)
        version.state, version.ready_at = VersionState.READY, now()
        for row in document.versions:
            if row.id == document.current_version_id:
                row.state = VersionState.SUPERSEDED
        document.current_version_id = version.id


def fail(database: Database, document_id: str) -> None:
    with database.writing() as session:
        version = max(session.get_one(Document, document_id).versions, key=lambda row: row.number)
        version.state, version.error_code = VersionState.FAILED, "corrupt_file"


def state_of(database: Database, document_id: str) -> DocumentState:
    with database.reading() as session:
        state = document_state(session, document_id)
    assert state is not None
    return state


def test_a_new_document_shows_the_version_that_is_being_read(database: Database, document_id: str) -> None:
    state = state_of(database, document_id)
    assert state.current is None
    assert state.shown is state.latest
    assert not state.is_replacing


def test_while_a_new_version_is_read_the_old_one_is_shown(
    database: Database, files: FileStore, knowledge_base_id: str, user_id: str, document_id: str
) -> None:
    publish(database, document_id)
    add_document(database, files, knowledge_base_id, "a.txt", [b"two"], user_id)
    state = state_of(database, document_id)
    assert (state.shown.number, state.latest.number, state.is_replacing) == (1, 2, True)
    publish(database, document_id)
    state = state_of(database, document_id)
    assert (state.shown.number, state.latest.number, state.is_replacing) == (2, 2, False)


def test_a_failed_replacement_leaves_the_old_version_in_use(
    database: Database, files: FileStore, knowledge_base_id: str, user_id: str, document_id: str
) -> None:
    publish(database, document_id)
    add_document(database, files, knowledge_base_id, "a.txt", [b"two"], user_id)
    fail(database, document_id)
    state = state_of(database, document_id)
    assert (state.shown.number, state.latest.state, state.is_replacing) == (1, VersionState.FAILED, False)


def test_only_what_changed_since_is_told_deletions_included(
    database: Database, files: FileStore, knowledge_base_id: str, user_id: str, document_id: str
) -> None:
    other = add_document(database, files, knowledge_base_id, "b.txt", [b"x"], user_id).document_id
    with database.writing() as session:
        for table in (Document, DocumentVersion):
            session.execute(update(table).values(updated_at=now() - timedelta(hours=1)))
    since = now() - timedelta(seconds=10)
    with database.reading() as session:
        assert changed_documents(session, knowledge_base_id, since) == []
    publish(database, document_id)
    delete_document(database, other)
    with database.reading() as session:
        changed = {
            state.document.id: state.document.deleted_at is not None
            for state in changed_documents(session, knowledge_base_id, since)
        }
        assert changed == {document_id: False, other: True}
        assert [state.document.id for state in live_documents(session, knowledge_base_id)] == [document_id]
