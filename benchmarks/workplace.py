"""One knowledge base whose jobs are done in this process, on a real index: for tests and benchmarks of single steps."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select

from ingest.services import IngestServices
from kb_platform import documents
from kb_platform.database.engine import Database, make_engine
from kb_platform.database.tables import Base, ChunkRow, DocumentVersion, Job, KnowledgeBase, User
from kb_platform.domain.access import AccessScope
from kb_platform.embedding import EmbeddingModel
from kb_platform.files import FileStore
from kb_platform.index import VectorIndex
from kb_platform.retrieval import Retriever
from kb_platform.settings import IndexSettings, Settings
from workers.tasks import work_on


class CountingEmbedding:
    """The real model, counting the passages that it embeds."""

    def __init__(self, model: EmbeddingModel) -> None:
        self._model = model
        self.passages = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def embed_passages(self, texts: Sequence[str], lanes: int = 1) -> NDArray[np.float32]:
        self.passages += len(texts)
        return self._model.embed_passages(texts, lanes)


class Workplace:
    """One knowledge base on a database, file store and collection of its own."""

    def __init__(self, folder: Path, index_url: str, embedding: EmbeddingModel) -> None:
        settings = Settings(data_dir=folder)
        database = Database(make_engine(settings.database_url))
        Base.metadata.create_all(database.engine)
        index_settings = IndexSettings(url=index_url, collection_prefix=f"test-{uuid.uuid4().hex[:8]}")
        index = VectorIndex(index_settings, embedding.name, embedding.dimension)
        index.ensure_collection()
        self.counting = CountingEmbedding(embedding)
        self.services = IngestServices(
            database,
            FileStore(folder / "files"),
            self.counting,  # type: ignore[arg-type]
            index,
            settings,
        )
        self.retriever = Retriever(database, index, embedding, settings.retrieval)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget all rows and points, and make an empty knowledge base."""
        database, index = self.services.database, self.services.index
        index.delete([point.id for point in index.points()])
        with database.writing() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
        with database.writing() as session:
            user = User(email="a@example.edu", password_hash="-")
            session.add(user)
            session.flush()
            base = KnowledgeBase(name="规定", created_by=user.id)
            session.add(base)
            session.flush()
            self.user_id, self.knowledge_base_id = user.id, base.id

    def add(self, content: str, name: str = "规定.md") -> documents.AddedDocument:
        return documents.add_document(
            self.services.database, self.services.files, self.knowledge_base_id, name, [content.encode()], self.user_id
        )

    def run(self, job: documents.QueuedJob | None) -> Job:
        """Do the job as a worker would, and return it as it stands then."""
        assert job is not None
        work_on(job.id, self.services)
        with self.services.database.reading() as session:
            return session.get_one(Job, job.id)

    def version(self, version_id: str) -> DocumentVersion:
        with self.services.database.reading() as session:
            return session.get_one(DocumentVersion, version_id)

    def found(self, query: str) -> list[str]:
        scope = AccessScope(self.user_id, frozenset({self.knowledge_base_id}))
        return [hit.text for hit in self.retriever.search(query, scope).hits]

    def chunks(self, version_id: str) -> list[tuple[int, str]]:
        with self.services.database.reading() as session:
            rows = session.scalars(select(ChunkRow).where(ChunkRow.version_id == version_id).order_by(ChunkRow.ordinal))
            return [(row.ordinal, row.text) for row in rows]

    def close(self) -> None:
        self.services.index.close()
        self.services.database.close()
