"""From a question to passages: embed, search, fuse, look back from the best one; SQL has the last word."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from kb_platform.database.engine import Database
from kb_platform.database.tables import ChunkEdit, ChunkRow, Document, DocumentVersion, KnowledgeBase, User
from kb_platform.domain.access import AccessScope
from kb_platform.domain.chunk import Hit, PassageEdit, Scores
from kb_platform.embedding import EmbeddingModel
from kb_platform.index import VectorIndex
from kb_platform.retrieval.ranking import rank
from kb_platform.settings import RetrievalSettings


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found for a query, best first, and where the time went."""

    query: str
    hits: tuple[Hit, ...]
    seconds_embedding: float
    seconds_index: float
    seconds_database: float
    ranked: tuple[tuple[str, Scores], ...] = ()
    """Every candidate with its scores, in the order that the hits were taken from."""


class Retriever:
    """Finds passages. Wired once per process; threads may share it."""

    def __init__(
        self, database: Database, index: VectorIndex, embedding: EmbeddingModel, settings: RetrievalSettings
    ) -> None:
        self._database = database
        self._index = index
        self._embedding = embedding
        self._settings = settings

    def search(
        self, query: str, scope: AccessScope, limit: int | None = None, settings: RetrievalSettings | None = None
    ) -> Retrieval:
        """Return the `limit` best passages (the settings' number when None) that the scope may read. `settings` take
        the place of the process's own, for trying others out.

        Raises IndexUnavailable.
        """
        began = time.perf_counter()
        vector = self._embedding.embed_query(query)
        embedded = time.perf_counter()
        settings = settings or self._settings
        wanted = settings.limit if limit is None else limit
        ranked = rank(self._index, vector, query, scope, wanted, settings)
        found = time.perf_counter()
        hits = _hydrate(self._database, ranked, scope, wanted)
        seconds = embedded - began, found - embedded, time.perf_counter() - found
        return Retrieval(query, tuple(hits), *seconds, tuple(ranked))

    def passages(self, chunk_ids: Sequence[str], scope: AccessScope) -> list[Hit]:
        """Return those of the passages that the scope may read now, in this order and without scores."""
        return _hydrate(self._database, [(id_, Scores()) for id_ in chunk_ids], scope, len(chunk_ids))


def _hydrate(database: Database, ranked: Sequence[tuple[str, Scores]], scope: AccessScope, limit: int) -> list[Hit]:
    """Return the passages of the best-ranked points. SQL decides: the version must be its document's current one,
    document and knowledge base live and in the scope, the passage not switched off, whatever the index says."""
    if not ranked or limit <= 0:
        return []
    # All of them, not the first few: some may fall out, and a primary-key lookup of a hundred rows costs little.
    ids = [id_ for id_, _ in ranked]
    query = (
        select(
            ChunkRow.id,
            ChunkRow.version_id,
            ChunkRow.ordinal,
            ChunkRow.start,
            ChunkRow.end,
            ChunkRow.text,
            ChunkRow.edited_text,
            ChunkEdit.updated_at.label("edited_at"),
            func.coalesce(func.nullif(User.display_name, ""), User.email).label("edited_by"),
            ChunkRow.context,
            ChunkRow.heading_path,
            DocumentVersion.title,
            Document.id.label("document_id"),
            Document.name,
            Document.knowledge_base_id,
        )
        .join(DocumentVersion, DocumentVersion.id == ChunkRow.version_id)
        .join(Document, Document.current_version_id == DocumentVersion.id)
        .join(KnowledgeBase, KnowledgeBase.id == Document.knowledge_base_id)
        .outerjoin(ChunkEdit, ChunkEdit.id == ChunkRow.edit_id)
        .outerjoin(User, User.id == ChunkEdit.created_by)
        .where(
            ChunkRow.id.in_(ids),
            ChunkRow.is_enabled,
            Document.deleted_at.is_(None),
            KnowledgeBase.deleted_at.is_(None),
            KnowledgeBase.id.in_(scope.knowledge_base_ids),
        )
    )
    if scope.document_ids is not None:
        query = query.where(Document.id.in_(scope.document_ids))
    with database.reading() as session:
        rows = {row.id: row for row in session.execute(query)}
    hits = [
        Hit(
            chunk_id=row.id,
            knowledge_base_id=row.knowledge_base_id,
            document_id=row.document_id,
            version_id=row.version_id,
            document_name=row.name,
            document_title=row.title,
            ordinal=row.ordinal,
            start=row.start,
            end=row.end,
            text=row.text if row.edited_text is None else row.edited_text,
            heading_path=tuple(row.heading_path),
            context=row.context,
            scores=scores,
            edit=None if row.edited_text is None else PassageEdit(row.edited_by, row.edited_at),
        )
        for id_, scores in ranked
        if (row := rows.get(id_)) is not None
    ]
    return hits[:limit]
