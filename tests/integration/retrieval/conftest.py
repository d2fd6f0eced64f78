"""A database and an index into which a test can put documents."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from kb_platform.chunk_edits import edit_chunk
from kb_platform.database.engine import Database, open_database
from kb_platform.database.tables import Base, ChunkRow, Document, DocumentVersion, KnowledgeBase, User
from kb_platform.domain.access import AccessScope
from kb_platform.embedding import EmbeddingModel
from kb_platform.index import IndexedChunk, VectorIndex, point_id
from kb_platform.retrieval import Retriever
from kb_platform.settings import IndexSettings, RetrievalSettings, Settings

RULES = [
    "第三十二条 违反考试纪律者，给予警告处分。",
    "第三十三条 考试作弊者，给予记过以上处分。",
    "课程 CS-101 程序设计基础，学分 4。",
    "课程 CS-110 数据结构，学分 3。",
    "学生转专业须修满一学年，平均学分绩点不低于 3.0。",
    "The library opens at eight on weekdays.",
]


@dataclass
class House:
    """A database and an index into which documents can be put."""

    database: Database
    index: VectorIndex
    embedding: EmbeddingModel
    user_id: str = ""

    def knowledge_base(self) -> str:
        with self.database.writing() as session:
            base = KnowledgeBase(name="base", created_by=self.user_id)
            session.add(base)
            session.flush()
            return base.id

    def document(self, knowledge_base_id: str, texts: Sequence[str]) -> str:
        name = str(uuid.uuid4())
        with self.database.writing() as session:
            document = Document(knowledge_base_id=knowledge_base_id, name=name, live_path=name, created_by=self.user_id)
            session.add(document)
            session.flush()
            id_ = document.id
        self.make_current(self.version(id_, texts))
        return id_

    def version(self, document_id: str, texts: Sequence[str]) -> str:
        """Add a version with its points published, as it is just before it becomes the current one."""
        with self.database.writing() as session:
            document = session.get_one(Document, document_id)
            version = DocumentVersion(
                document_id=document_id,
                number=len(document.versions) + 1,
                file_sha256="0" * 64,
                file_bytes=1,
                created_by=self.user_id,
            )
            session.add(version)
            session.flush()
            chunks = []
            for ordinal, (text, vector) in enumerate(zip(texts, self.embedding.embed_passages(texts), strict=True)):
                id_ = point_id(version.id, ordinal, self.embedding.name)
                session.add(
                    ChunkRow(
                        id=id_,
                        version_id=version.id,
                        ordinal=ordinal,
                        start=0,
                        end=len(text),
                        text=text,
                        token_count=1,
                        content_hash="-",
                    )
                )
                chunks.append(
                    IndexedChunk(id_, vector, text, document.knowledge_base_id, document_id, version.id, ordinal)
                )
            self.index.upsert(chunks, published=True)
            return version.id

    def make_current(self, version_id: str) -> None:
        with self.database.writing() as session:
            version = session.get_one(DocumentVersion, version_id)
            session.get_one(Document, version.document_id).current_version_id = version_id

    def edit(self, document_id: str, said: str, **change: str | bool) -> None:
        """Edit the passage with this text; the index is left as it was."""
        with self.database.reading() as session:
            chunk_id = session.scalars(
                select(ChunkRow.id)
                .join(Document, Document.current_version_id == ChunkRow.version_id)
                .where(Document.id == document_id, ChunkRow.text == said)
            ).one()
        edit_chunk(self.database, self.embedding, document_id, chunk_id, self.user_id, **change)  # type: ignore[arg-type]

    def retriever(self) -> Retriever:
        return Retriever(self.database, self.index, self.embedding, RetrievalSettings())

    def found(self, question: str, scope: AccessScope, limit: int = 20) -> list[str]:
        return [hit.text for hit in self.retriever().search(question, scope, limit).hits]


@pytest.fixture
def house(tmp_path: Path, index_url: str, embedding: EmbeddingModel) -> Iterator[House]:
    database = open_database(Settings(data_dir=tmp_path))
    Base.metadata.create_all(database.engine)
    settings = IndexSettings(url=index_url, collection_prefix=f"t{uuid.uuid4().hex[:8]}")
    index = VectorIndex(settings, embedding.name, embedding.dimension)
    index.ensure_collection()
    house = House(database, index, embedding)
    with database.writing() as session:
        user = User(email="reader@example.org", password_hash="-")
        session.add(user)
        session.flush()
        house.user_id = user.id
    yield house
    index.close()
    database.close()


def scope(*knowledge_base_ids: str) -> AccessScope:
    return AccessScope("reader", frozenset(knowledge_base_ids))
