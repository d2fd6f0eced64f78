"""A small searchable collection of passages: real database, real embedded vector engine, real embedding model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.index_process import running_index
from kb_platform.database.engine import Database, open_database
from kb_platform.database.tables import Base, ChunkRow, Document, DocumentVersion, KnowledgeBase, User, VersionState
from kb_platform.domain.access import AccessScope
from kb_platform.embedding import EmbeddingModel
from kb_platform.index import IndexedChunk, VectorIndex, point_id
from kb_platform.retrieval import Retriever
from kb_platform.settings import IndexSettings, RetrievalSettings, Settings


@dataclass(frozen=True)
class Passage:
    """One chunk of a document; `start` is where it stands in the document's canonical text."""

    document: str
    text: str
    start: int = 0
    heading: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collection:
    retriever: Retriever
    embedding: EmbeddingModel
    scope: AccessScope
    settings: Settings


@contextmanager
def searchable(passages: Sequence[Passage], folder: Path, embedding: EmbeddingModel) -> Iterator[Collection]:
    """Yield the passages in one knowledge base, published, with the scope that may read it."""
    settings = Settings(data_dir=folder)
    with running_index(folder / "index") as url:
        index = VectorIndex(IndexSettings(url=url), embedding.name, embedding.dimension)
        database = open_database(settings)
        Base.metadata.create_all(database.engine)
        try:
            knowledge_base_id = _store(database, index, embedding, passages)
            yield Collection(
                Retriever(database, index, embedding, RetrievalSettings()),
                embedding,
                AccessScope("reader", frozenset({knowledge_base_id})),
                settings,
            )
        finally:
            index.close()
            database.close()


def _store(database: Database, index: VectorIndex, embedding: EmbeddingModel, passages: Sequence[Passage]) -> str:
    index.ensure_collection()
    vectors = embedding.embed_passages([passage.text for passage in passages])
    chunks = []
    with database.writing() as session:
        user = User(email="reader@example.org", password_hash="-")
        session.add(user)
        session.flush()
        base = KnowledgeBase(name="Rules", created_by=user.id)
        session.add(base)
        session.flush()
        versions: dict[str, tuple[Document, DocumentVersion]] = {}
        for number, passage in enumerate(passages):
            if passage.document not in versions:
                document = Document(
                    knowledge_base_id=base.id, name=passage.document, live_path=passage.document, created_by=user.id
                )
                session.add(document)
                session.flush()
                version = DocumentVersion(
                    document_id=document.id,
                    number=1,
                    file_sha256="0" * 64,
                    file_bytes=1,
                    state=VersionState.READY,
                    title=passage.document,
                    embedding_model=embedding.name,
                    created_by=user.id,
                )
                session.add(version)
                session.flush()
                document.current_version_id = version.id
                versions[passage.document] = (document, version)
            document, version = versions[passage.document]
            id_ = point_id(version.id, number, embedding.name)
            session.add(
                ChunkRow(
                    id=id_,
                    version_id=version.id,
                    ordinal=number,
                    start=passage.start,
                    end=passage.start + len(passage.text),
                    text=passage.text,
                    heading_path=list(passage.heading),
                    token_count=1,
                    content_hash="-",
                )
            )
            chunks.append(IndexedChunk(id_, vectors[number], passage.text, base.id, document.id, version.id, number))
        session.flush()
        id_of_base = base.id
    index.upsert(chunks, published=True)
    return id_of_base
