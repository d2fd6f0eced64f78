"""The passages behind ranked points, as SQL has them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import and_, bindparam, func, or_, select

from kb_platform.database.engine import Database
from kb_platform.database.tables import ChunkEdit, ChunkRow, Document, DocumentVersion, KnowledgeBase, User
from kb_platform.domain.access import AccessScope
from kb_platform.domain.chunk import Hit, PassageEdit, Scores

# Put together once: that takes longer than asking it.
_PASSAGES = (
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
    .join(
        Document,
        and_(Document.id == DocumentVersion.document_id, Document.current_version_id == DocumentVersion.id),
    )
    .join(KnowledgeBase, KnowledgeBase.id == Document.knowledge_base_id)
    .outerjoin(ChunkEdit, ChunkEdit.id == ChunkRow.edit_id)
    .outerjoin(User, User.id == ChunkEdit.created_by)
    .where(
        ChunkRow.id.in_(bindparam("ids", expanding=True)),
        ChunkRow.is_enabled,
        Document.deleted_at.is_(None),
        KnowledgeBase.deleted_at.is_(None),
    )
)


def read_passages(database: Database, ranked: Sequence[tuple[str, Scores]], scope: AccessScope) -> list[Hit]:
    """Return the passages of the best-ranked points. SQL decides: the version must be its document's current one,
    document and knowledge base live, both admitted by the scope, the passage not switched off, whatever the index
    says."""
    if not ranked:
        return []
    # The scope is asked below: as a condition here it makes SQLite walk through all documents of these bases.
    with database.reading() as session:
        rows = {row.id: row for row in session.execute(_PASSAGES, {"ids": [id_ for id_, _ in ranked]})}
    return [
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
        if (row := rows.get(id_)) is not None and scope.admits(row.knowledge_base_id, row.document_id)
    ]


def with_neighbours(database: Database, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits with the text of the passages before and after each in its document, as far as they are
    switched on: what "this" and "the above" in a passage mean."""
    wanted = {(hit.version_id, hit.ordinal + step) for hit in hits for step in (-1, 1)}
    if not wanted:
        return []
    beside = or_(*(and_(ChunkRow.version_id == version, ChunkRow.ordinal == ordinal) for version, ordinal in wanted))
    shown = func.coalesce(ChunkRow.edited_text, ChunkRow.text).label("text")
    query = select(ChunkRow.version_id, ChunkRow.ordinal, shown)
    with database.reading() as session:
        rows = session.execute(query.where(ChunkRow.is_enabled, beside))
        texts = {(row.version_id, row.ordinal): row.text for row in rows}
    return [
        replace(
            hit,
            before=texts.get((hit.version_id, hit.ordinal - 1), ""),
            after=texts.get((hit.version_id, hit.ordinal + 1), ""),
        )
        for hit in hits
    ]
