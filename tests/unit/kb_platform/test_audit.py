"""Nobody changes, removes, adds or cuts off audit events unnoticed, with the database alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, select, update

from kb_platform.audit import Entry, append_event, hash_of, prune, verify
from kb_platform.audit_search import AuditFilter, export_lines, find_events
from kb_platform.database.audit_tables import AuditChain, AuditEvent
from kb_platform.database.engine import Database
from kb_platform.database.tables import now

KEY = SecretStr("a secret of this test")
OTHER_KEY = SecretStr("what a thief of the database guesses")


def append(database: Database, count: int = 5) -> None:
    for number in range(count):
        append_event(
            database,
            KEY,
            Entry("upload_documents", 202, "u1", "张三@example.edu", objects={"id": str(number)}, address="10.0.0.1"),
        )


def test_a_chain_that_nobody_touched_is_intact(database: Database) -> None:
    assert verify(database, KEY).problem == ""
    append(database)
    found = verify(database, KEY)
    assert (found.events, found.first_number, found.last_number, found.problem) == (5, 1, 5, "")


def change(database: Database) -> None:
    with database.writing() as session:
        session.execute(update(AuditEvent).where(AuditEvent.number == 3).values(user="somebody else"))


def change_and_hash_anew(database: Database) -> None:
    with database.writing() as session:
        event = session.get_one(AuditEvent, 3)
        event.user = "somebody else"
        event.hash = hash_of(event)


def make_the_chain_anew_from_there(database: Database) -> None:
    with database.writing() as session:
        previous = ""
        for event in session.scalars(select(AuditEvent).order_by(AuditEvent.number)):
            if event.number == 3:
                event.user = "somebody else"
            event.previous_hash = previous
            event.hash = previous = hash_of(event)
        session.get_one(AuditChain, 1).last_hash = previous


def remove_one(database: Database) -> None:
    with database.writing() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.number == 3))


def cut_off_the_end(database: Database) -> None:
    with database.writing() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.number > 3))


def cut_off_the_end_and_say_so(database: Database) -> None:
    cut_off_the_end(database)
    with database.writing() as session:
        chain = session.get_one(AuditChain, 1)
        chain.last_number, chain.last_hash = 3, session.get_one(AuditEvent, 3).hash


def cut_off_the_beginning_and_say_so(database: Database) -> None:
    with database.writing() as session:
        chain = session.get_one(AuditChain, 1)
        chain.first_number, chain.anchor_hash = 3, session.get_one(AuditEvent, 2).hash
        session.execute(delete(AuditEvent).where(AuditEvent.number < 3))


def put_one_in(database: Database) -> None:
    with database.writing() as session:
        last = session.get_one(AuditEvent, 5)
        more = AuditEvent(number=6, at=now(), action="x", status=200, previous_hash=last.hash)
        for name in ("user", "user_id", "credential", "credential_id", "address", "user_agent"):
            setattr(more, name, "")
        more.objects, more.details = {}, {}
        more.hash = hash_of(more)
        session.add(more)


def remove_all(database: Database) -> None:
    with database.writing() as session:
        session.execute(delete(AuditEvent))
        session.execute(delete(AuditChain))
    append_event(database, OTHER_KEY, Entry("sign_in", 201))


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        (change, 3),
        (change_and_hash_anew, 4),
        (make_the_chain_anew_from_there, 0),
        (remove_one, 3),
        (cut_off_the_end, 4),
        (cut_off_the_end_and_say_so, 0),
        (cut_off_the_beginning_and_say_so, 0),
        (put_one_in, 7),
        (remove_all, 0),
    ],
)
def test_tampering_is_noticed_and_its_place_named(
    database: Database, tamper: Callable[[Database], None], broken: int
) -> None:
    append(database)
    tamper(database)
    found = verify(database, KEY)
    assert found.problem
    assert found.broken == broken


def test_a_database_put_back_is_noticed_against_what_was_noted(database: Database) -> None:
    append(database, 3)
    noted = verify(database, KEY)
    known = (noted.last_number, noted.last_hash)
    append(database, 2)
    assert verify(database, KEY, known).problem == ""
    with database.writing() as session:
        session.execute(delete(AuditEvent))
        session.execute(delete(AuditChain))
    append(database, 2)
    assert verify(database, KEY).problem == ""
    assert verify(database, KEY, known).broken == 3


def test_a_pruned_chain_is_still_verified(database: Database) -> None:
    append(database, 4)
    with database.writing() as session:  # as if the first two had happened long ago: their hashes go with it
        previous = ""
        for event in session.scalars(select(AuditEvent).order_by(AuditEvent.number)):
            if event.number <= 2:
                event.at = now() - timedelta(days=40)
            event.previous_hash = previous
            event.hash = previous = hash_of(event)
        session.get_one(AuditChain, 1).last_hash = previous
    append(database, 1)
    assert prune(database, KEY, 0) == 0
    assert prune(database, KEY, 30) == 2
    found = verify(database, KEY)
    assert (found.events, found.first_number, found.last_number, found.problem) == (3, 3, 5, "")
    append(database, 1)
    remove_first = delete(AuditEvent).where(AuditEvent.number == 3)
    with database.writing() as session:
        session.execute(remove_first)
    assert verify(database, KEY).broken == 3


WRITER = """
import sys
from pydantic import SecretStr
from kb_platform.audit import Entry, append_event
from kb_platform.database.engine import Database, make_engine
database = Database(make_engine(sys.argv[1]))
for number in range(40):
    append_event(database, SecretStr("a secret of this test"), Entry("ask", 200, user=sys.argv[2]))
"""


def test_processes_that_write_at_once_make_one_chain(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, str(number)]) for number in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    found = verify(database, KEY)
    assert (found.events, found.problem) == (120, "")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AuditFilter(), 3),
        (AuditFilter(user="ZHANG"), 1),
        (AuditFilter(user="%"), 0),
        (AuditFilter(action="delete_document"), 1),
        (AuditFilter(object_id="d-7"), 1),
        (AuditFilter(result="refused"), 1),
        (AuditFilter(address="10.0.0.1", result="done"), 2),
        (AuditFilter(until=now() - timedelta(days=1)), 0),
    ],
)
def test_events_are_found_by_what_is_known_of_them(database: Database, wanted: AuditFilter, found: int) -> None:
    append_event(database, KEY, Entry("sign_in", 201, user="zhang@example.edu", address="10.0.0.1"))
    append_event(database, KEY, Entry("delete_document", 204, objects={"document_id": "d-7"}, address="10.0.0.1"))
    append_event(database, KEY, Entry("create_knowledge_base", 403, user="li@example.edu", address="10.0.0.2"))
    with database.reading() as session:
        assert len(find_events(session, wanted, 10)) == found


def test_an_export_computes_nothing_in_a_spreadsheet_and_keeps_every_column(database: Database) -> None:
    append_event(database, KEY, Entry("sign_in", 401, user="=1+1", user_agent="@x"))
    table = "".join(export_lines(database, AuditFilter(), "csv"))
    assert table.startswith("\ufeffnumber,at,action")
    assert "'=1+1" in table
    assert ",'@x," in table
    (line,) = "".join(export_lines(database, AuditFilter(), "jsonl")).splitlines()
    assert '"previous_hash": ""' in line


def test_what_a_browser_sends_can_always_be_kept(database: Database) -> None:
    append_event(database, KEY, Entry("sign_in", 401, user="\x00\ud800" + "x" * 999, details={"a": ["\ud800", 1.5]}))
    assert verify(database, KEY).problem == ""
