"""Brings the tables to this version: `python -m kb_platform.database.migrate`, before any process starts.

A new revision, after changing `tables.py`:
`python -m kb_platform.database.migrate revision "What changes"`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event, text

from kb_platform.database.engine import make_engine
from kb_platform.settings import Settings, load_settings

LOCK = 0x6B62706C6174666F
"""Postgres's advisory lock of migrations: any number that nothing else takes."""


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the tables up to `revision`. Processes that do this at once wait for each other; all or nothing happens."""
    _run(settings.database_url, lambda config: command.upgrade(config, revision))


def downgrade(settings: Settings, revision: str) -> None:
    """Take the tables back to `revision` (`base`: none are left, nor is any data)."""
    _run(settings.database_url, lambda config: command.downgrade(config, revision))


def migration_engine(url: str) -> Engine:
    """Return an engine for migrations. SQLite: foreign keys off, since a table that is made anew is dropped in
    between, and its rows' children would go with it."""
    engine = make_engine(url, pool_size=1)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def loosen(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA foreign_keys=OFF")

    return engine


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def _run(url: str, action: Any) -> None:
    engine = migration_engine(url)
    config = alembic_config()
    try:
        # One transaction around everything: SQLite's begins IMMEDIATE, so that only one process is in here.
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            config.attributes["connection"] = connection
            action(config)
    finally:
        engine.dispose()


def main(arguments: list[str]) -> None:
    match arguments:
        case []:
            upgrade(load_settings())
        case ["revision", message]:
            numbers = (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py")
            command.revision(alembic_config(), message, autogenerate=True, rev_id=f"{len(list(numbers)) + 1:04d}")
        case ["downgrade", revision]:
            downgrade(load_settings(), revision)
        case _:
            sys.exit('usage: python -m kb_platform.database.migrate [revision "What changes" | downgrade REVISION]')


if __name__ == "__main__":
    main(sys.argv[1:])
