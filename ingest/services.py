"""What the steps of ingestion work with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kb_platform.database.engine import Database, open_database
from kb_platform.embedding import EmbeddingModel, load_embedding
from kb_platform.files import FileStore
from kb_platform.index import VectorIndex
from kb_platform.settings import Settings


@dataclass(frozen=True)
class IngestServices:
    """Made once per process by the composition root."""

    database: Database
    files: FileStore
    embedding: EmbeddingModel
    index: VectorIndex
    settings: Settings

    def close(self) -> None:
        self.index.close()
        self.database.close()


def make_services(settings: Settings) -> IngestServices:
    """Open the database, the files, the embedding model and its collection, which is made where it is missing.

    Raises SettingsError, IndexUnavailable.
    """
    embedding = load_embedding(settings.embedding, settings.data_dir)
    index = VectorIndex(settings.index, embedding.name, embedding.dimension)
    index.ensure_collection()
    return IngestServices(open_database(settings), FileStore(settings.data_dir / "files"), embedding, index, settings)


@contextmanager
def open_services(settings: Settings) -> Iterator[IngestServices]:
    """Services for the length of a block. Raises as `make_services` does."""
    made = make_services(settings)
    try:
        yield made
    finally:
        made.close()
