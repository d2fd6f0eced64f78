"""Runs revisions on the connection that `migrate` opened, or, for `alembic revision`, on one to the settings' URL."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

from kb_platform.database.migrate import migration_engine
from kb_platform.database.tables import Base, UtcDateTime
from kb_platform.settings import load_settings


def render_item(kind: str, item: Any, _autogenerate_context: Any) -> str | Literal[False]:
    """Write our time type as what it is in the database, so that old revisions do not depend on today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite changes a column by making the table anew
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with migration_engine(load_settings().database_url).begin() as connection:
        run(connection)
