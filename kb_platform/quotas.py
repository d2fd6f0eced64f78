"""What a department may hold and use: storage, documents, tokens a day. A quota covers the department and all below it,
so what is added has to fit those of every department above."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

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


def held(session: Session, department_ids: Iterable[str]) -> Held:
    """Return what these departments hold and have used today."""
    ids = list(department_ids)
    documents = (
        select(Document.id)
        .join(KnowledgeBase, KnowledgeBase.id == Document.knowledge_base_id)
        .where(KnowledgeBase.department_id.in_(ids), KnowledgeBase.deleted_at.is_(None), Document.deleted_at.is_(None))
    )
    count = session.scalar(select(func.count()).select_from(documents.subquery())) or 0
    size = session.scalar(
        select(func.sum(DocumentVersion.file_bytes)).where(DocumentVersion.document_id.in_(documents))
    )
    tokens = UsageRecord.prompt_tokens + UsageRecord.reasoning_tokens + UsageRecord.answer_tokens
    used = session.scalar(
        select(func.sum(tokens)).where(UsageRecord.department_id.in_(ids), UsageRecord.created_at >= _today())
    )
    return Held(int(size or 0), count, int(used or 0))


def require_room(session: Session, department_id: str | None, more_bytes: int, more_documents: int) -> None:
    """Raises QuotaFull when a department that this one belongs to may not hold so much more."""
    for row in _above(session, department_id):
        if row.storage_mib is None and row.documents is None:
            continue
        has = held(session, _below(session, row.id))
        if row.documents is not None and has.documents + more_documents > row.documents and more_documents:
            raise QuotaFull(
                f"{row.name} may hold {row.documents} documents and has {has.documents}. Delete some, or ask an "
                "administrator for more.",
                "document_quota",
            )
        if row.storage_mib is not None and has.bytes + more_bytes > row.storage_mib * MIB:
            raise QuotaFull(
                f"{row.name} may hold {row.storage_mib} MiB and has {has.bytes / MIB:.1f} MiB. Delete documents, or "
                "ask an administrator for more.",
                "storage_quota",
            )


def require_tokens(session: Session, department_id: str | None) -> None:
    """Raises TokensUsedUp when a department that this one belongs to has used its tokens of the day."""
    for row in _above(session, department_id):
        if row.tokens_per_day is None:
            continue
        used = held(session, _below(session, row.id)).tokens_today
        if used >= row.tokens_per_day:
            seconds = int((_today() + timedelta(days=1) - now()).total_seconds()) + 1
            raise TokensUsedUp(
                f"{row.name} has used its {row.tokens_per_day} tokens of today. Ask again tomorrow (UTC), or ask an "
                "administrator for more.",
                seconds,
            )


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


def _below(session: Session, department_id: str) -> set[str]:
    """Return the department and those below it."""
    found = {department_id}
    level = [department_id]
    while level:
        level = list(session.scalars(select(Department.id).where(Department.parent_id.in_(level))))
        found.update(level)
    return found
