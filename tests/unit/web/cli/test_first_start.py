"""The first administrator's password is shown, whatever goes wrong at the first start."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from kb_platform.accounts import authenticate, sign_in
from kb_platform.api_keys import api_keys, revoke_api_key
from kb_platform.database.engine import Database, make_engine
from kb_platform.database.tables import Base, Role
from kb_platform.settings import SecuritySettings
from web.cli.first_start import keep_a_key, make_administrator
from web.cli.instance import Folder

SECURITY = SecuritySettings(admin_email="admin@localhost")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "data")
    made.make()
    return made


@pytest.fixture
def database(folder: Folder) -> Iterator[Database]:
    opened = Database(make_engine(f"sqlite:///{folder.path / 'kb.sqlite3'}"))
    Base.metadata.create_all(opened.engine)
    yield opened
    opened.close()


def test_the_password_that_is_shown_signs_in(database: Database, folder: Folder) -> None:
    shown = make_administrator(database, folder, SECURITY)
    assert shown is not None
    assert shown.password
    assert sign_in(database, shown.email, shown.password, hours=1).user.role == Role.ADMINISTRATOR


def test_a_start_that_failed_half_way_does_not_lose_the_password(database: Database, folder: Folder) -> None:
    first = make_administrator(database, folder, SECURITY)
    assert stat.S_IMODE(folder.password_file.stat().st_mode) == 0o600
    assert make_administrator(database, folder, SECURITY) == first


def test_a_password_that_was_shown_is_not_shown_again(database: Database, folder: Folder) -> None:
    make_administrator(database, folder, SECURITY)
    folder.password_file.unlink()  # as after showing it
    assert make_administrator(database, folder, SECURITY) is None
    assert not folder.password_file.exists()


def test_a_given_password_is_used_and_written_nowhere(database: Database, folder: Folder) -> None:
    given = SECURITY.model_copy(update={"admin_password": SecretStr("long enough")})
    shown = make_administrator(database, folder, given)
    assert shown is not None
    assert shown.password is None
    assert not folder.password_file.exists()
    assert sign_in(database, shown.email, "long enough", hours=1)


def test_the_commands_of_this_machine_get_a_key_of_the_administrator(database: Database, folder: Folder) -> None:
    make_administrator(database, folder, SECURITY)
    keep_a_key(database, folder)
    assert stat.S_IMODE(folder.key_file.stat().st_mode) == 0o600
    principal = authenticate(database, folder.key_file.read_text())
    assert principal.role == Role.ADMINISTRATOR
    keep_a_key(database, folder)
    assert len(api_keys(database, principal.user_id)) == 1


def test_a_revoked_key_is_replaced_at_the_next_start(database: Database, folder: Folder) -> None:
    make_administrator(database, folder, SECURITY)
    keep_a_key(database, folder)
    before = folder.key_file.read_text()
    principal = authenticate(database, before)
    revoke_api_key(database, principal.user_id, principal.credential_id)
    keep_a_key(database, folder)
    assert folder.key_file.read_text() != before
    assert authenticate(database, folder.key_file.read_text())
