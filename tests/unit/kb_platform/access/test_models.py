from __future__ import annotations

from kb_platform import access
from kb_platform.accounts import Principal
from kb_platform.database.engine import Database
from kb_platform.database.tables import ModelEndpoint, Role
from kb_platform.domain.access import Subject
from kb_platform.shares import set_endpoint_subjects
from tests.people import add_department, add_group, add_person, department, group


def connect(database: Database, name: str, *subjects: Subject, is_enabled: bool = True) -> None:
    with database.writing() as session:
        row = ModelEndpoint(name=name, base_url="http://localhost/v1", model=name, is_enabled=is_enabled)
        session.add(row)
        session.flush()
        set_endpoint_subjects(session, row.id, subjects)


def usable(database: Database, principal: Principal, *names: str) -> list[str]:
    with database.reading() as session:
        return access.usable_models(session, principal, names, access.endpoint_limits(session))


def test_a_limited_model_answers_its_departments_and_groups(database: Database) -> None:
    medicine = add_department(database, "Medicine")
    surgeon = add_person(database, Role.READER, add_department(database, "Surgery", medicine))
    clerk = add_person(database, Role.EDITOR, add_department(database, "Registry"))
    administrator = add_person(database, Role.ADMINISTRATOR)
    board = add_group(database, "Board", clerk)
    connect(database, "open")
    connect(database, "medical", department(medicine))
    connect(database, "strategic", group(board))
    names = ("open", "medical", "strategic", "of the settings")
    assert usable(database, surgeon, *names) == ["open", "medical", "of the settings"]
    assert usable(database, clerk, *names) == ["open", "strategic", "of the settings"]
    assert usable(database, administrator, *names) == list(names)


def test_an_endpoint_that_stands_in_opens_no_limited_model(database: Database) -> None:
    medicine = add_department(database, "Medicine")
    surgeon, clerk = add_person(database, Role.READER, medicine), add_person(database, Role.READER)
    connect(database, "r1", department(medicine))
    connect(database, "r1")
    assert usable(database, surgeon, "r1") == ["r1"]
    assert usable(database, clerk, "r1") == []


def test_a_disabled_endpoint_limits_nobody(database: Database) -> None:
    clerk = add_person(database, Role.READER)
    connect(database, "r1", department(add_department(database, "Medicine")), is_enabled=False)
    connect(database, "r1")
    assert usable(database, clerk, "r1") == ["r1"]
