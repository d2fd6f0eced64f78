from __future__ import annotations

import uuid

import pytest

from kb_platform import access
from kb_platform.accounts import Principal
from kb_platform.database.engine import Database
from kb_platform.database.tables import Document, Role
from kb_platform.document_changes import delete_document, delete_knowledge_base
from kb_platform.domain.access import EVERYONE, Level, Subject
from kb_platform.domain.errors import NotAllowed, NotFound
from kb_platform.shares import Share, set_restrictions
from tests.people import add_base, add_department, add_group, add_person, add_read_document, department, group, user


@pytest.fixture
def editor(database: Database) -> Principal:
    return add_person(database, Role.EDITOR)


def restrict(database: Database, document_id: str, *subjects: Subject) -> None:
    with database.writing() as session:
        set_restrictions(session, session.get_one(Document, document_id), subjects)


def reads(database: Database, principal: Principal, document_id: str) -> bool:
    with database.reading() as session:
        hidden = document_id in access.readable_scope(session, principal).hidden_document_ids
        kept = document_id in access.still_readable_documents(session, principal, [document_id])
        try:
            access.readable_document(session, principal, document_id)
        except NotFound:
            assert (hidden, kept) == (True, False)
            return False
        assert (hidden, kept) == (False, True)
        return True


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


def test_a_document_of_a_base_that_one_reads_is_changed_by_its_editors_only(
    database: Database, editor: Principal
) -> None:
    reader, stranger = add_person(database, Role.EDITOR), add_person(database, Role.EDITOR)
    document, _ = add_read_document(database, editor, add_base(database, editor, Share(user(reader), Level.READER)))
    with database.reading() as session:
        access.writable_document(session, editor, document)
        with pytest.raises(NotAllowed):
            access.writable_document(session, reader, document)
        for missing in (document, str(uuid.uuid4())):
            with pytest.raises(NotFound, match=r"^There is no such document\.$"):
                access.writable_document(session, stranger, missing)


def test_a_restricted_document_is_read_by_those_named_the_bases_managers_and_administrators(
    database: Database,
) -> None:
    registry = add_department(database, "Registry")
    owner = add_person(database, Role.EDITOR)
    colleague, below = (
        add_person(database, Role.READER, id_) for id_ in (registry, add_department(database, "Admissions", registry))
    )
    member, named, other = (add_person(database, Role.EDITOR) for _ in range(3))
    administrator = add_person(database, Role.ADMINISTRATOR)
    base = add_base(database, owner, Share(EVERYONE, Level.EDITOR))
    document, _ = add_read_document(database, owner, base)
    beside, _ = add_read_document(database, owner, base, name="b.txt")
    everybody = (owner, administrator, colleague, below, member, named, other)
    assert all(reads(database, one, document) for one in everybody)
    board = group(add_group(database, "Board", member))
    for subjects, admitted in (
        ((department(registry),), {colleague, below}),
        ((board, user(named)), {member, named}),
    ):
        restrict(database, document, *subjects)
        assert {one for one in everybody if reads(database, one, document)} == {owner, administrator, *admitted}
        assert all(reads(database, one, beside) for one in everybody)
    restrict(database, document)
    assert all(reads(database, one, document) for one in everybody)


def test_a_restriction_opens_nothing_to_who_does_not_read_the_base(database: Database, editor: Principal) -> None:
    stranger = add_person(database, Role.READER)
    document, _ = add_read_document(database, editor, add_base(database, editor))
    restrict(database, document, user(stranger))
    with database.reading() as session, pytest.raises(NotFound):
        access.readable_document(session, stranger, document)


def test_only_managers_restrict(database: Database, editor: Principal) -> None:
    other = add_person(database, Role.EDITOR)
    document, _ = add_read_document(database, editor, add_base(database, editor, Share(user(other), Level.EDITOR)))
    with database.reading() as session:
        access.manageable_document(session, editor, document)
        with pytest.raises(NotAllowed, match="manager"):
            access.manageable_document(session, other, document)
