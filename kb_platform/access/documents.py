"""What a caller may do with which document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb_platform.access.knowledge_bases import hidden_documents, levels, require_level
from kb_platform.accounts import Principal
from kb_platform.database.tables import Document, DocumentVersion, KnowledgeBase
from kb_platform.domain.access import Level
from kb_platform.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class VisibleVersion:
    """A document version that the caller may read, with its document."""

    document: Document
    version: DocumentVersion


def readable_document(session: Session, principal: Principal, document_id: str) -> Document:
    """Return the live document. Raises NotFound."""
    return _at_level(session, principal, document_id, Level.READER)


def writable_document(session: Session, principal: Principal, document_id: str) -> Document:
    """Return the live document for a change. Raises NotFound or NotAllowed."""
    return _at_level(session, principal, document_id, Level.EDITOR)


def manageable_document(session: Session, principal: Principal, document_id: str) -> Document:
    """Return the live document for a change of who may read it. Raises NotFound or NotAllowed."""
    return _at_level(session, principal, document_id, Level.MANAGER)


def readable_version(
    session: Session, principal: Principal, document_id: str, version_id: str | None = None
) -> VisibleVersion:
    """Return a version of a live document: the given one (old answers cite old versions), else the one in use, else
    the latest. Raises NotFound."""
    document = readable_document(session, principal, document_id)
    wanted = version_id or document.current_version_id
    if wanted:
        version = session.get(DocumentVersion, wanted)
    else:
        version = session.scalar(
            select(DocumentVersion)
            .where(DocumentVersion.document_id == document.id)
            .order_by(DocumentVersion.number.desc())
            .limit(1)
        )
    if version is None or version.document_id != document.id:
        raise NotFound("There is no such version of this document.")
    return VisibleVersion(document, version)


def still_readable_documents(session: Session, principal: Principal, document_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the documents that the caller may read now: what an old conversation may still show."""
    wanted = set(document_ids)
    if not wanted:
        return frozenset()
    rows = session.execute(
        select(Document.id, Document.knowledge_base_id).where(Document.id.in_(wanted), Document.deleted_at.is_(None))
    ).all()
    found = levels(session, principal, {row.knowledge_base_id for row in rows})
    hidden = hidden_documents(session, principal, found)
    return frozenset(row.id for row in rows if row.knowledge_base_id in found and row.id not in hidden)


def forbidden_documents(session: Session, principal: Principal, sources: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return those of the documents, given as (document, knowledge base), that are there and that the caller may not
    read: an answer that was made from one of them is not shown. Documents that were deleted are not among them, as
    long as the knowledge base that they were in may be read."""
    wanted = set(sources)
    if not wanted:
        return frozenset()
    live = dict(
        session.execute(
            select(Document.id, Document.knowledge_base_id).where(
                Document.id.in_({document_id for document_id, _ in wanted}), Document.deleted_at.is_(None)
            )
        ).all()
    )
    bases = {live.get(document_id, base_id) for document_id, base_id in wanted}
    found = levels(session, principal, bases)
    living = session.scalars(
        select(KnowledgeBase.id).where(KnowledgeBase.id.in_(bases), KnowledgeBase.deleted_at.is_(None))
    )
    closed = set(living) - found.keys()
    hidden = hidden_documents(session, principal, found)
    return frozenset(
        document_id
        for document_id, base_id in wanted
        if document_id in hidden or live.get(document_id, base_id) in closed
    )


def _at_level(session: Session, principal: Principal, document_id: str, needed: Level) -> Document:
    document = session.get(Document, document_id)
    if document is None or document.deleted_at is not None:
        raise NotFound("There is no such document.")
    found = levels(session, principal, [document.knowledge_base_id])
    level = found.get(document.knowledge_base_id)
    if level is None or document.id in hidden_documents(session, principal, found):
        raise NotFound("There is no such document.")
    require_level(principal, level, needed)
    return document
