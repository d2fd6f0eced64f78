"""Knowledge bases: making, listing, renaming. Deleting is `document_changes.delete_knowledge_base`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb_platform.database.tables import Document, KnowledgeBase
from kb_platform.domain.errors import InvalidInput
from kb_platform.shares import ShareWith, share_new

MOST_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class KnowledgeBaseSummary:
    """`ready_count` counts the documents that can be found."""

    row: KnowledgeBase
    document_count: int
    ready_count: int


def add_knowledge_base(
    session: Session,
    user_id: str,
    name: str,
    description: str = "",
    department_id: str | None = None,
    share_with: ShareWith | None = None,
) -> KnowledgeBase:
    """Add a knowledge base of a department in the caller's transaction, and share it: with the department where there
    is one and nothing else is said. Raises InvalidInput for an empty or too long name, or a department that is missing
    to share it with."""
    row = KnowledgeBase(
        name=_checked(name), description=description.strip(), created_by=user_id, department_id=department_id
    )
    session.add(row)
    session.flush()
    share_new(session, row, share_with)
    return row


def change_knowledge_base(row: KnowledgeBase, name: str | None, description: str | None) -> None:
    """Change what is given, in the caller's transaction. Raises InvalidInput for an empty or too long name."""
    if name is not None:
        row.name = _checked(name)
    if description is not None:
        row.description = description.strip()


def summaries(session: Session, knowledge_base_ids: Collection[str]) -> list[KnowledgeBaseSummary]:
    """Return these knowledge bases by name, with their counts."""
    counts = (
        select(
            Document.knowledge_base_id,
            func.count(Document.id).label("documents"),
            func.count(Document.current_version_id).label("ready"),
        )
        .where(Document.deleted_at.is_(None))
        .group_by(Document.knowledge_base_id)
        .subquery()
    )
    rows = session.execute(
        select(KnowledgeBase, counts.c.documents, counts.c.ready)
        .join(counts, counts.c.knowledge_base_id == KnowledgeBase.id, isouter=True)
        .where(KnowledgeBase.id.in_(knowledge_base_ids))
        .order_by(KnowledgeBase.name, KnowledgeBase.created_at)
    )
    return [KnowledgeBaseSummary(row, documents or 0, ready or 0) for row, documents, ready in rows]


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > MOST_NAME_CHARACTERS:
        raise InvalidInput(f"A knowledge base needs a name of at most {MOST_NAME_CHARACTERS} characters.")
    return name
