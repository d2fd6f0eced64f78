"""Cleaning up after a deletion. The document was hidden before; here its points go first and its row last, so that
a clean-up that breaks off is simply done again. Stored files go when nothing refers to them (`kb_platform.garbage`).
"""

from __future__ import annotations

from sqlalchemy import delete, select

from kb_platform.database.engine import Database
from kb_platform.database.tables import Document, JobState, KnowledgeBase
from kb_platform.index import VectorIndex
from kb_platform.jobs import Lease


def delete_document(document_id: str, lease: Lease, database: Database, index: VectorIndex) -> None:
    """Remove a hidden document's points, versions, chunks and row; ends the lease's job."""
    index.delete_document(document_id)
    with database.writing() as session:
        lease.finish(session, JobState.SUCCEEDED)
        session.execute(delete(Document).where(Document.id == document_id))


def delete_knowledge_base(knowledge_base_id: str, lease: Lease, database: Database, index: VectorIndex) -> None:
    """Remove a hidden knowledge base with its documents; ends the lease's job."""
    index.delete_knowledge_base(knowledge_base_id)
    with database.reading() as session:
        documents = session.scalars(select(Document.id).where(Document.knowledge_base_id == knowledge_base_id)).all()
    for document_id in documents:
        lease.check()
        with database.writing() as session:
            session.execute(delete(Document).where(Document.id == document_id))
    with database.writing() as session:
        lease.finish(session, JobState.SUCCEEDED)
        session.execute(delete(KnowledgeBase).where(KnowledgeBase.id == knowledge_base_id))
