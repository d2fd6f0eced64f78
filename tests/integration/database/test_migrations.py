"""Migrations, on SQLite and on a real Postgres."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, make_url, text

from benchmarks.servers import postgres_binaries, postgres_server
from kb_platform.accounts import add_user
from kb_platform.database.engine import Database, make_engine
from kb_platform.database.migrate import alembic_config, downgrade, upgrade
from kb_platform.database.tables import Base, Role
from kb_platform.settings import DatabaseSettings, SecuritySettings, Settings


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("no Postgres server on this machine (Debian: apt-get install postgresql)")
    with postgres_server(binaries) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings whose database is empty."""
    url = ""
    if request.param == "postgres":
        server = make_url(request.getfixturevalue("postgres"))
        name = f"kb_{uuid.uuid4().hex}"
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        url = server.set(database=name).render_as_string(hide_password=False)
    return Settings(
        data_dir=tmp_path,
        database=DatabaseSettings(url=url),
        security=SecuritySettings(secret_key="a secret of this test"),
    )


def tables(settings: Settings) -> set[str]:
    engine = make_engine(settings.database_url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_upgrade_makes_every_table_and_can_be_repeated(settings: Settings) -> None:
    upgrade(settings)
    upgrade(settings)
    assert tables(settings) == {*Base.metadata.tables, "alembic_version"}


def test_the_migrated_tables_are_those_of_the_models(settings: Settings) -> None:
    upgrade(settings)
    engine = make_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
    finally:
        engine.dispose()


def test_every_revision_goes_down_and_up_again(settings: Settings) -> None:
    revisions = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
    upgrade(settings)
    for revision in [*revisions[1:], "base"]:
        downgrade(settings, revision)
    assert tables(settings) == {"alembic_version"}
    for revision in reversed(revisions):
        upgrade(settings, revision)
    assert tables(settings) == {*Base.metadata.tables, "alembic_version"}


def test_a_migrated_database_works(settings: Settings) -> None:
    upgrade(settings)
    database = Database(make_engine(settings.database_url))
    try:
        user = add_user(database, "张三@example.edu", "long enough", Role.EDITOR, display_name="张三")
        with database.reading() as session:
            found = session.get_one(type(user), user.id)
            assert (found.display_name, found.created_at.tzinfo is not None) == ("张三", True)
    finally:
        database.close()


def test_processes_that_migrate_at_once_wait_for_each_other(settings: Settings) -> None:
    environment = {
        "KB_DATA_DIR": str(settings.data_dir),
        "KB_DATABASE__URL": settings.database.url,
        "KB_SECURITY__SECRET_KEY": "a secret of this test",
    }
    command = [sys.executable, "-m", "kb_platform.database.migrate"]
    root = Path(__file__).resolve().parents[3]
    running = [
        subprocess.Popen(command, env=environment, cwd=root, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    results = [(process.communicate(timeout=60)[1], process.returncode) for process in running]
    assert [code for _, code in results] == [0, 0, 0], results
    assert tables(settings) == {*Base.metadata.tables, "alembic_version"}
