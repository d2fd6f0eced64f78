from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest

from kb_platform import access
from kb_platform.accounts import Principal, add_user
from kb_platform.database.engine import Database
from kb_platform.database.tables import Document, DocumentVersion, KnowledgeBase, Role, VersionState
from kb_platform.document_changes import delete_document, delete_knowledge_base
from kb_platform.domain.errors import NotAllowed, NotFound


def principal(database: Database, role: Role) -> Principal:
    user = add_user(database, f"{role}@example.edu", "long enough", role)
    return Principal(user.id, user.email, "", role, "session", "")


@pytest.fixture
def reader(database: Database) -> Principal:
    return principal(database, Role.READER)


@pytest.fixture
def editor(database: Database) -> Principal:
    return principal(database, Role.EDITOR)


def add_base(database: Database, owner: Principal, name: str = "Rules") -> str:
    with database.writing() as session:
        row = KnowledgeBase(name=name, created_by=owner.user_id)
        session.add(row)
    return row.id


def add_read_document(database: Database, owner: Principal, base: str, versions: int = 1) -> tuple[str, list[str]]:
    """A document whose last version is in use."""
    with database.writing() as session:
        document = Document(knowledge_base_id=base, name="a.txt", live_path="a.txt", created_by=owner.user_id)
        session.add(document)
        session.flush()
        rows = [
            DocumentVersion(
                document_id=document.id,
                number=number + 1,
                file_sha256="0" * 64,
                file_bytes=1,
                state=VersionState.READY if number == versions - 1 else VersionState.SUPERSEDED,
                created_by=owner.user_id,
            )
            for number in range(versions)
        ]
        session.add_all(rows)
        session.flush()
        document.current_version_id = rows[-1].id
    return document.id, [row.id for row in rows]


def test_every_role_reads_all_live_knowledge_bases(database: Database, reader: Principal, editor: Principal) -> None:
    bases = {add_base(database, editor), add_base(database, editor)}
    with database.reading() as session:
        assert access.readable_scope(session, reader).knowledge_base_ids == bases
        assert access.scope_of(session, reader, bases).knowledge_base_ids == bases


def test_a_deleted_and_an_unknown_knowledge_base_look_the_same(database: Database, editor: Principal) -> None:
    gone, live = add_base(database, editor), add_base(database, editor)
    delete_knowledge_base(database, gone)
    with database.reading() as session:
        for missing in (gone, str(uuid.uuid4())):
            with pytest.raises(NotFound, match=r"^There is no such knowledge base\.$"):
                access.scope_of(session, editor, [live, missing])
        assert access.readable_scope(session, editor).knowledge_base_ids == {live}


def test_a_reader_may_not_write_and_an_editor_may(database: Database, reader: Principal, editor: Principal) -> None:
    base = add_base(database, editor)
    document, _ = add_read_document(database, editor, base)
    with database.reading() as session:
        access.writable_knowledge_base(session, editor, base)
        access.writable_document(session, editor, document)
        with pytest.raises(NotAllowed):
            access.writable_knowledge_base(session, reader, base)
        with pytest.raises(NotAllowed):
            access.writable_document(session, reader, document)


def test_what_a_reader_cannot_see_is_not_found_before_it_is_not_allowed(database: Database, reader: Principal) -> None:
    with database.reading() as session, pytest.raises(NotFound):
        access.writable_knowledge_base(session, reader, str(uuid.uuid4()))


def test_an_old_version_stays_readable_while_its_document_lives(database: Database, editor: Principal) -> None:
    document, (old, new) = add_read_document(database, editor, add_base(database, editor), versions=2)
    with database.reading() as session:
        assert access.readable_version(session, editor, document).version.id == new
        assert access.readable_version(session, editor, document, old).version.id == old
    delete_document(database, document)
    with database.reading() as session, pytest.raises(NotFound):
        access.readable_version(session, editor, document, old)


def test_a_version_is_not_found_under_another_document(database: Database, editor: Principal) -> None:
    base, other_base = add_base(database, editor), add_base(database, editor)
    mine, _ = add_read_document(database, editor, base)
    _, (foreign,) = add_read_document(database, editor, other_base)
    with database.reading() as session, pytest.raises(NotFound):
        access.readable_version(session, editor, mine, foreign)


def test_documents_of_a_deleted_knowledge_base_are_readable_no_more(database: Database, editor: Principal) -> None:
    base, other = add_base(database, editor), add_base(database, editor)
    gone, _ = add_read_document(database, editor, base)
    kept, _ = add_read_document(database, editor, other)
    delete_knowledge_base(database, base)
    with database.reading() as session:
        assert access.still_readable_documents(session, editor, [gone, kept, str(uuid.uuid4())]) == {kept}
        with pytest.raises(NotFound):
            access.readable_document(session, editor, gone)


def test_only_administrators_connect_models(database: Database, editor: Principal) -> None:
    with pytest.raises(NotAllowed):
        access.require_administrator(editor)
    access.require_administrator(principal(database, Role.ADMINISTRATOR))


def test_only_access_asks_for_a_role() -> None:
    """So that departments and sharing change one module."""
    root = Path(access.__file__).resolve().parents[1]
    asking = {
        path.relative_to(root).as_posix()
        for folder in ("kb_platform", "ingest", "inference", "web/api", "workers")
        for path in (root / folder).rglob("*.py")
        if re.search(r"\.role\b *(is|in|not|==|!=)", path.read_text())
    }
    assert asking == {"kb_platform/access.py"}
