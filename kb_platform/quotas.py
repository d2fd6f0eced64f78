"""What a department may hold and use: storage, documents, tokens a day. A quota covers the department and all below it,
so what is added has to fit those of every department above."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb_platform.access.subjects import departments_below
from kb_platform.database.people_tables import Department
from kb_platform.database.tables import Document, DocumentVersion, KnowledgeBase, UsageRecord, now
from kb_platform.domain.errors import QuotaFull, TokensUsedUp

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """`bytes` are of all versions of the documents that are not deleted; `tokens_today` since midnight (UTC)."""

    bytes: int
    documents: int
    tokens_today: int


def held(session: Session, department_ids: Collection[str]) -> Held:
    """Return what these departments hold and have used today."""
    size, documents = _stored(session, department_ids)
    return Held(size, documents, _tokens_today(session, department_ids))


def require_room(session: Session, department_id: str | None, more_bytes: int, more_documents: int) -> None:
    """Raises QuotaFull when a department that this one belongs to may not hold so much more."""
    for row in _above(session, department_id):
        if row.storage_mib is None and row.documents is None:
            continue
        size, documents = _stored(session, departments_below(session, row.id))
        if row.documents is not None and documents + more_documents > row.documents and more_documents:
            raise QuotaFull(
                f"{row.name} may hold {row.documents} documents and has {documents}. Delete some, or ask an "
                "administrator for more.",
                "document_quota",
            )
        if row.storage_mib is not None and size + more_bytes > row.storage_mib * MIB:
            raise QuotaFull(
                f"{row.name} may hold {row.storage_mib} MiB and has {size / MIB:.1f} MiB. Delete documents, or "
                "ask an administrator for more.",
                "storage_quota",
            )


def require_tokens(session: Session, department_id: str | None) -> None:
    """Raises TokensUsedUp when a department that this one belongs to has used its tokens of the day."""
    for row in _above(session, department_id):
        if row.tokens_per_day is None:
            continue
        used = _tokens_today(session, departments_below(session, row.id))
        if used >= row.tokens_per_day:
            seconds = int((_today() + timedelta(days=1) - now()).total_seconds()) + 1
            raise TokensUsedUp(
                f"{row.name} has used its {row.tokens_per_day} tokens of today. Ask again tomorrow (UTC), or ask an "
                "administrator for more.",
                seconds,
            )


def _stored(session: Session, department_ids: Collection[str]) -> tuple[int, int]:
    """Return the bytes and the number of the departments' documents."""
    documents = (
        select(Document.id)
        .join(KnowledgeBase, KnowledgeBase.id == Document.knowledge_base_id)
        .where(
            KnowledgeBase.department_id.in_(department_ids),
            KnowledgeBase.deleted_at.is_(None),
            Document.deleted_at.is_(None),
        )
    )
    count = session.scalar(select(func.count()).select_from(documents.subquery())) or 0
    size = session.scalar(
        select(func.sum(DocumentVersion.file_bytes)).where(DocumentVersion.document_id.in_(documents))
    )
    return int(size or 0), count


def _tokens_today(session: Session, department_ids: Collection[str]) -> int:
    tokens = UsageRecord.prompt_tokens + UsageRecord.reasoning_tokens + UsageRecord.answer_tokens
    used = session.scalar(
        select(func.sum(tokens)).where(
            UsageRecord.department_id.in_(department_ids), UsageRecord.created_at >= _today()
        )
    )
    return int(used or 0)


def _today() -> datetime:
    return now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _above(session: Session, department_id: str | None) -> list[Department]:
    """Return the department and those above it, nearest first."""
    found: list[Department] = []
    while department_id is not None:
        row = session.get(Department, department_id)
        if row is None:
            break
        found.append(row)
        department_id = row.parent_id
    return found
