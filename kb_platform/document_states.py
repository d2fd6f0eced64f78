"""What a reader is told about documents: the version in use, and how the newest one is coming along."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from kb_platform.database.tables import Document, DocumentVersion
from kb_platform.documents import UNFINISHED

_latest = aliased(DocumentVersion, name="latest")
_current = aliased(DocumentVersion, name="current")


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A document with its newest version and the one in use (None until the first has become ready)."""

    document: Document
    latest: DocumentVersion
    current: DocumentVersion | None

    @property
    def shown(self) -> DocumentVersion:
        """The version that a reader opens: the one in use, else the newest."""
        return self.current or self.latest

    @property
    def is_replacing(self) -> bool:
        """Whether a newer version is being read while the one in use answers."""
        return self.current is not None and self.latest.id != self.current.id and self.latest.state in UNFINISHED


def live_documents(session: Session, knowledge_base_id: str, hidden: Collection[str] = ()) -> list[DocumentState]:
    """Return the documents of a knowledge base by name, but those that are `hidden` from whoever asks."""
    states = _states(session, _query(knowledge_base_id).where(Document.deleted_at.is_(None)).order_by(Document.name))
    return [state for state in states if state.document.id not in hidden]


def changed_documents(session: Session, knowledge_base_id: str, since: datetime) -> list[DocumentState]:
    """Return the documents, deleted ones included, that changed at `since` or later."""
    changed = or_(Document.updated_at >= since, _latest.updated_at >= since, _current.updated_at >= since)
    return _states(session, _query(knowledge_base_id).where(changed))


def moved_documents(session: Session, knowledge_base_id: str, since: datetime) -> set[str]:
    """Return the ids of the documents of other knowledge bases that changed at `since` or later: what a watcher saw
    here and finds among them has left."""
    elsewhere = select(Document.id).where(Document.knowledge_base_id != knowledge_base_id, Document.updated_at >= since)
    return set(session.scalars(elsewhere))


def documents_by_id(session: Session, document_ids: Collection[str], knowledge_base_id: str) -> list[DocumentState]:
    """Return those of the documents that are in a knowledge base, deleted ones included."""
    return _states(session, _query(knowledge_base_id).where(Document.id.in_(document_ids)))


def document_state(session: Session, document_id: str) -> DocumentState | None:
    """Return one document's state; None when it is unknown."""
    found = _states(session, _select().where(Document.id == document_id))
    return found[0] if found else None


def _query(knowledge_base_id: str) -> Select[Document, DocumentVersion, DocumentVersion]:
    return _select().where(Document.knowledge_base_id == knowledge_base_id)


def _select() -> Select[Document, DocumentVersion, DocumentVersion]:
    newest = (
        select(func.max(DocumentVersion.number))
        .where(DocumentVersion.document_id == Document.id)
        .correlate(Document)
        .scalar_subquery()
    )
    return (
        select(Document, _latest, _current)
        .select_from(Document)
        .join(_latest, (_latest.document_id == Document.id) & (_latest.number == newest))
        .join(_current, _current.id == Document.current_version_id, isouter=True)
    )


def _states(session: Session, query: Select[Document, DocumentVersion, DocumentVersion]) -> list[DocumentState]:
    return [DocumentState(document, latest, current) for document, latest, current in session.execute(query)]
