"""A fresh SQLite database and file store for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kb_platform.database.engine import Database, make_engine
from kb_platform.database.tables import Base, KnowledgeBase, User
from kb_platform.files import FileStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(make_engine(f"sqlite:///{tmp_path / 'kb.sqlite3'}"))
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def user_id(database: Database) -> str:
    with database.writing() as session:
        user = User(email="secretary@example.edu", password_hash="-")
        session.add(user)
        session.flush()
        return user.id


@pytest.fixture
def knowledge_base_id(database: Database, user_id: str) -> str:
    with database.writing() as session:
        knowledge_base = KnowledgeBase(name="教务处", created_by=user_id)
        session.add(knowledge_base)
        session.flush()
        return knowledge_base.id
