"""Connections: `reading()` and `writing()` open a session for one unit of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

from kb_platform.settings import Settings


class Database:
    """The SQL database of this process. Threads may share it; each session belongs to one thread."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._read_only = engine.execution_options(kb_reading=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that reads. Nothing is committed; objects stay usable after it closes."""
        with Session(self._read_only, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that commits at the end of the block and rolls back on any exception."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """Open the configured database; the folder of a SQLite file is made. Migrations are not run here."""
    return Database(make_engine(settings.database_url, settings.database.pool_size))


def make_engine(url: str, pool_size: int = 10) -> Engine:
    """Return an engine. SQLite: write-ahead log, foreign keys on, writers wait up to 30 s for each other.
    What is written never stands in an error: it may be a credential's hash."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=pool_size, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, hide_parameters=True)
    if engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun by the event below, not by the driver
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A deferred transaction that first reads and then writes fails at once with "database is locked";
        # an immediate one waits its turn. Readers must not queue behind writers, so they stay deferred.
        reading = connection.get_execution_options().get("kb_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
