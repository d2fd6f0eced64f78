from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from kb_platform import access
from kb_platform.accounts import Principal
from kb_platform.database.engine import Database
from kb_platform.database.people_tables import GroupMember
from kb_platform.database.tables import KnowledgeBase, Role
from kb_platform.document_changes import delete_knowledge_base
from kb_platform.domain.access import EVERYONE, Level, Right
from kb_platform.domain.errors import InvalidInput, NotAllowed, NotFound
from kb_platform.shares import Share, ShareWith, set_shares, share_new
from tests.people import add_base, add_department, add_group, add_person, department, group, user


@pytest.fixture
def editor(database: Database) -> Principal:
    return add_person(database, Role.EDITOR)


@pytest.fixture
def reader(database: Database) -> Principal:
    return add_person(database, Role.READER)


def levels(database: Database, principal: Principal) -> dict[str, Level]:
    with database.reading() as session:
        return access.levels(session, principal)


def test_a_knowledge_base_is_its_makers_and_the_administrators_until_it_is_shared(
    database: Database, editor: Principal, reader: Principal
) -> None:
    base = add_base(database, editor)
    assert levels(database, editor) == {base: Level.MANAGER}
    assert levels(database, add_person(database, Role.ADMINISTRATOR)) == {base: Level.MANAGER}
    assert levels(database, add_person(database, Role.EDITOR)) == {}
    assert levels(database, reader) == {}


def test_a_share_opens_it_for_everyone_a_department_and_those_below_a_group_or_a_person(database: Database) -> None:
    owner = add_person(database, Role.ADMINISTRATOR)
    university = add_department(database, "University")
    registry = add_department(database, "Registry", university)
    hospital = add_department(database, "Hospital")
    above, below = (add_person(database, Role.EDITOR, id_) for id_ in (university, registry))
    elsewhere, nowhere = add_person(database, Role.EDITOR, hospital), add_person(database, Role.EDITOR)
    people = (above, below, elsewhere, nowhere)
    board = add_group(database, "Board", above, elsewhere)
    for subject, admitted in (
        (EVERYONE, {above, below, elsewhere, nowhere}),
        (department(university), {above, below}),
        (department(registry), {below}),
        (group(board), {above, elsewhere}),
        (user(nowhere), {nowhere}),
    ):
        base = add_base(database, owner, Share(subject, Level.EDITOR))
        assert {one for one in people if levels(database, one).get(base) is Level.EDITOR} == admitted, subject
        assert {one for one in people if base in levels(database, one)} == admitted, subject


def test_the_highest_of_several_shares_counts(database: Database, editor: Principal) -> None:
    owner = add_person(database, Role.EDITOR)
    base = add_base(database, owner, Share(EVERYONE, Level.READER), Share(user(editor), Level.EDITOR))
    assert levels(database, editor) == {base: Level.EDITOR}


def test_a_reader_only_reads_whatever_the_share_says(database: Database, editor: Principal, reader: Principal) -> None:
    base = add_base(database, editor, Share(EVERYONE, Level.EDITOR), Share(user(reader), Level.MANAGER))
    assert levels(database, reader) == {base: Level.READER}
    with database.reading() as session, pytest.raises(NotAllowed, match="editor role"):
        access.writable_knowledge_base(session, reader, base)


def test_each_level_admits_to_its_actions_only(database: Database, editor: Principal) -> None:
    owner = add_person(database, Role.EDITOR)
    reading, editing, managing = (
        add_base(database, owner, Share(user(editor), level)) for level in (Level.READER, Level.EDITOR, Level.MANAGER)
    )
    with database.reading() as session:
        for base in (reading, editing, managing):
            access.readable_knowledge_base(session, editor, base)
        for base in (editing, managing):
            access.writable_knowledge_base(session, editor, base)
        access.manageable_knowledge_base(session, editor, managing)
        with pytest.raises(NotAllowed):
            access.writable_knowledge_base(session, editor, reading)
        with pytest.raises(NotAllowed):
            access.manageable_knowledge_base(session, editor, editing)


def test_a_manager_manages_the_knowledge_bases_of_their_department_and_of_those_below(database: Database) -> None:
    owner = add_person(database, Role.ADMINISTRATOR)
    university = add_department(database, "University")
    registry = add_department(database, "Registry", university)
    admissions = add_department(database, "Admissions", registry)
    manager = add_person(database, Role.MANAGER, registry)
    bases = {id_: add_base(database, owner, department=id_) for id_ in (university, registry, admissions)}
    assert levels(database, manager) == {bases[registry]: Level.MANAGER, bases[admissions]: Level.MANAGER}
    assert levels(database, add_person(database, Role.MANAGER)) == {}, "who manages no department manages nothing"


def test_what_was_taken_away_is_gone_at_the_next_question(database: Database, editor: Principal) -> None:
    owner, members = add_person(database, Role.EDITOR), add_group(database, "Members", editor)
    base = add_base(database, owner, Share(group(members), Level.EDITOR))
    assert base in levels(database, editor)
    with database.writing() as session:
        session.delete(session.get_one(GroupMember, (members, editor.user_id)))
    assert base not in levels(database, editor)
    with database.writing() as session:
        set_shares(session, base, [Share(user(editor), Level.READER)])
    assert levels(database, editor) == {base: Level.READER}


def test_a_deleted_an_unknown_and_a_forbidden_knowledge_base_look_the_same(
    database: Database, editor: Principal
) -> None:
    gone, live = add_base(database, editor), add_base(database, editor)
    forbidden = add_base(database, add_person(database, Role.EDITOR))
    delete_knowledge_base(database, gone)
    with database.reading() as session:
        for missing in (gone, forbidden, str(uuid.uuid4())):
            with pytest.raises(NotFound, match=r"^There is no such knowledge base\.$"):
                access.scope_of(session, editor, [live, missing])
            for look in (access.readable_knowledge_base, access.writable_knowledge_base):
                with pytest.raises(NotFound, match=r"^There is no such knowledge base\.$"):
                    look(session, editor, missing)
        assert access.readable_scope(session, editor).knowledge_base_ids == {live}


def test_a_key_opens_its_knowledge_bases_only_and_writes_only_with_the_right(
    database: Database, editor: Principal
) -> None:
    mine, other = add_base(database, editor), add_base(database, editor)
    key = replace(editor, knowledge_base_ids=frozenset({mine}), rights=frozenset({Right.READ}))
    with database.reading() as session:
        assert access.readable_scope(session, key).knowledge_base_ids == {mine}
        with pytest.raises(NotFound):
            access.scope_of(session, key, [mine, other])
        with pytest.raises(NotAllowed, match="API key"):
            access.writable_knowledge_base(session, key, mine)
        with pytest.raises(NotAllowed, match="API key"):
            access.require_maker(replace(key, rights=frozenset(Right)))
    administrator = add_person(database, Role.ADMINISTRATOR)
    access.require_administrator(administrator)
    for limited in (
        replace(administrator, knowledge_base_ids=frozenset({mine})),
        replace(administrator, rights=frozenset({Right.READ})),
    ):
        with pytest.raises(NotAllowed, match="API key"):
            access.require_administrator(limited)


@pytest.mark.parametrize(
    ("share_with", "expected"),
    [
        (None, {"maker", "colleague"}),
        (ShareWith.DEPARTMENT, {"maker", "colleague"}),
        (ShareWith.ME, {"maker"}),
        (ShareWith.EVERYONE, {"maker", "colleague", "stranger"}),
    ],
)
def test_a_new_knowledge_base_is_read_by_whom_its_maker_says(
    database: Database, share_with: ShareWith | None, expected: set[str]
) -> None:
    registry = add_department(database, "Registry")
    people = {
        "maker": add_person(database, Role.EDITOR, registry),
        "colleague": add_person(database, Role.READER, registry),
        "stranger": add_person(database, Role.READER),
    }
    with database.writing() as session:
        row = KnowledgeBase(name="New", created_by=people["maker"].user_id, department_id=registry)
        session.add(row)
        session.flush()
        share_new(session, row, share_with)
    assert {name for name, one in people.items() if row.id in levels(database, one)} == expected


def test_without_a_department_a_new_one_is_its_makers_alone(database: Database, editor: Principal) -> None:
    with database.writing() as session:
        row = KnowledgeBase(name="New", created_by=editor.user_id)
        session.add(row)
        session.flush()
        share_new(session, row, None)
        with pytest.raises(InvalidInput, match="no department"):
            share_new(session, row, ShareWith.DEPARTMENT)
    assert row.id in levels(database, editor)
    assert row.id not in levels(database, add_person(database, Role.EDITOR))


def test_only_administrators_connect_models(editor: Principal) -> None:
    with pytest.raises(NotAllowed):
        access.require_administrator(editor)
