"""Narrowing a search by what is known about documents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb_platform.database.tables import Document, DocumentVersion
from kb_platform.domain.access import AccessScope


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """What a document must be; None does not care.

    `folder` holds its folders too; of `tags` a document must have all; of `formats` (pdf, docx, …) its current
    version must have one; `added_from` and `added_until` bound its first upload, both included.
    """

    document_ids: frozenset[str] | None = None
    folder: str | None = None
    tags: frozenset[str] = frozenset()
    formats: frozenset[str] | None = None
    added_from: datetime | None = None
    added_until: datetime | None = None


NO_FILTER = DocumentFilter()


def narrow(session: Session, scope: AccessScope, wanted: DocumentFilter) -> AccessScope:
    """Return the scope with only the documents that pass, resolved in SQL: the vector query then carries their ids,
    and the passages' rows are checked against them once more."""
    if wanted == NO_FILTER:
        return scope
    query = (
        select(Document.id, Document.tags)
        .join(DocumentVersion, DocumentVersion.id == Document.current_version_id)
        .where(Document.deleted_at.is_(None), Document.knowledge_base_id.in_(scope.knowledge_base_ids))
    )
    if wanted.folder:
        folder = wanted.folder.strip("/")
        query = query.where((Document.folder == folder) | Document.folder.startswith(f"{folder}/", autoescape=True))
    if wanted.formats is not None:
        query = query.where(DocumentVersion.format.in_({format_.lower() for format_ in wanted.formats}))
    if wanted.added_from is not None:
        query = query.where(Document.created_at >= wanted.added_from)
    if wanted.added_until is not None:
        query = query.where(Document.created_at <= wanted.added_until)
    passing = frozenset(row.id for row in session.execute(query) if wanted.tags <= set(row.tags))
    passing -= scope.hidden_document_ids
    for allowed in (wanted.document_ids, scope.document_ids):
        if allowed is not None:
            passing &= allowed
    return replace(scope, document_ids=passing)
