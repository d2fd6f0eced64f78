"""With whom something is shared: knowledge bases with a level, documents and model endpoints without.

Who may change that is `kb_platform.access`'s to say, before these are called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from kb_platform.database.people_tables import (
    Department,
    DocumentRestriction,
    Group,
    KnowledgeBaseShare,
    ModelEndpointLimit,
)
from kb_platform.database.tables import Document, KnowledgeBase, User, now
from kb_platform.domain.access import EVERYONE, Level, Subject, SubjectKind
from kb_platform.domain.errors import InvalidInput

MOST_SUBJECTS = 500


class ShareWith(StrEnum):
    """Who reads a new knowledge base, beside its maker."""

    EVERYONE = "everyone"
    DEPARTMENT = "department"
    ME = "me"


@dataclass(frozen=True, slots=True)
class Share:
    subject: Subject
    level: Level


def share_new(session: Session, row: KnowledgeBase, share_with: ShareWith | None) -> None:
    """Give a new knowledge base its first shares, in the caller's transaction: its maker manages it, and its
    department, if it has one and nothing else is said, reads it. Raises InvalidInput without a department to share
    it with."""
    if share_with is None:
        share_with = ShareWith.DEPARTMENT if row.department_id else ShareWith.ME
    shares = [Share(Subject(SubjectKind.USER, row.created_by), Level.MANAGER)]
    if share_with is ShareWith.EVERYONE:
        shares.append(Share(EVERYONE, Level.READER))
    elif share_with is ShareWith.DEPARTMENT:
        if row.department_id is None:
            raise InvalidInput("You belong to no department: share with everyone, or with nobody yet.", "no_department")
        shares.append(Share(Subject(SubjectKind.DEPARTMENT, row.department_id), Level.READER))
    set_shares(session, row.id, shares)


def shares_of(session: Session, knowledge_base_id: str) -> list[Share]:
    """Return with whom a knowledge base is shared."""
    rows = session.scalars(
        select(KnowledgeBaseShare)
        .where(KnowledgeBaseShare.knowledge_base_id == knowledge_base_id)
        .order_by(KnowledgeBaseShare.subject_kind, KnowledgeBaseShare.subject_id)
    )
    return [Share(Subject(SubjectKind(row.subject_kind), row.subject_id), Level(row.level)) for row in rows]


def set_shares(session: Session, knowledge_base_id: str, shares: Collection[Share]) -> None:
    """Share a knowledge base with exactly these, in the caller's transaction. Raises InvalidInput for a subject that is
    unknown or named twice."""
    subjects = _checked([share.subject for share in shares], frozenset(SubjectKind))
    session.execute(delete(KnowledgeBaseShare).where(KnowledgeBaseShare.knowledge_base_id == knowledge_base_id))
    by_subject = {share.subject: share.level for share in shares}
    _refuse_unknown(session, subjects)
    session.add_all(
        KnowledgeBaseShare(
            knowledge_base_id=knowledge_base_id, subject_kind=one.kind, subject_id=one.id, level=by_subject[one]
        )
        for one in subjects
    )
    session.flush()


def restrictions_of(session: Session, document_id: str) -> list[Subject]:
    """Return who alone reads a document, beside its knowledge base's managers; empty where it is not restricted."""
    rows = select(DocumentRestriction.subject_kind, DocumentRestriction.subject_id)
    found = session.execute(rows.where(DocumentRestriction.document_id == document_id))
    return _sorted(Subject(SubjectKind(kind), id_) for kind, id_ in found)


def restricted_documents(session: Session, knowledge_base_id: str) -> frozenset[str]:
    """Return the documents of a knowledge base that not all of its readers may read."""
    rows = select(DocumentRestriction.document_id).join(Document, Document.id == DocumentRestriction.document_id)
    return frozenset(session.scalars(rows.where(Document.knowledge_base_id == knowledge_base_id)))


def set_restrictions(session: Session, document: Document, subjects: Collection[Subject]) -> None:
    """Let only these read a document (none: whoever reads its knowledge base), in the caller's transaction. Raises
    InvalidInput."""
    wanted = _checked(subjects, frozenset(SubjectKind) - {SubjectKind.EVERYONE})
    _refuse_unknown(session, wanted)
    session.execute(delete(DocumentRestriction).where(DocumentRestriction.document_id == document.id))
    session.add_all(
        DocumentRestriction(document_id=document.id, subject_kind=one.kind, subject_id=one.id) for one in wanted
    )
    document.updated_at = now()  # whoever watches its knowledge base learns of it
    session.flush()


def endpoint_subjects(session: Session) -> dict[str, list[Subject]]:
    """Return, by model endpoint, whom it answers alone; endpoints that answer everybody are not in it."""
    found: dict[str, list[Subject]] = {}
    for row in session.scalars(select(ModelEndpointLimit).order_by(ModelEndpointLimit.subject_id)):
        found.setdefault(row.model_endpoint_id, []).append(Subject(SubjectKind(row.subject_kind), row.subject_id))
    return found


def set_endpoint_subjects(session: Session, endpoint_id: str, subjects: Collection[Subject]) -> None:
    """Let a model endpoint answer these departments and groups only (none: everybody), in the caller's transaction.
    Raises InvalidInput."""
    wanted = _checked(subjects, frozenset({SubjectKind.DEPARTMENT, SubjectKind.GROUP}))
    _refuse_unknown(session, wanted)
    session.execute(delete(ModelEndpointLimit).where(ModelEndpointLimit.model_endpoint_id == endpoint_id))
    session.add_all(
        ModelEndpointLimit(model_endpoint_id=endpoint_id, subject_kind=one.kind, subject_id=one.id) for one in wanted
    )
    session.flush()


def forget_subject(session: Session, subject_id: str) -> None:
    """Take away what was shared with a department or group that is being deleted. What was closed to all but it stays
    closed: its row in restrictions and limits stays, and admits nobody any more."""
    session.execute(delete(KnowledgeBaseShare).where(KnowledgeBaseShare.subject_id == subject_id))


def subject_names(session: Session, subjects: Iterable[Subject]) -> dict[Subject, str]:
    """Return what each of these is called; everyone is called nothing."""
    wanted = set(subjects)
    names: dict[Subject, str] = {one: "" for one in wanted if one.kind is SubjectKind.EVERYONE}
    columns = {
        SubjectKind.DEPARTMENT: select(Department.id, Department.name),
        SubjectKind.GROUP: select(Group.id, Group.name),
        SubjectKind.USER: select(User.id, func.coalesce(func.nullif(User.display_name, ""), User.email)),
    }
    for (kind, query), column in zip(columns.items(), (Department.id, Group.id, User.id), strict=True):
        ids = [one.id for one in wanted if one.kind is kind]
        if ids:
            found = session.execute(query.where(column.in_(ids)))
            names |= {Subject(kind, id_): name for id_, name in found}
    return names


def _checked(subjects: Collection[Subject], kinds: frozenset[SubjectKind]) -> list[Subject]:
    wanted = _sorted(set(subjects))
    if len(wanted) != len(subjects):
        raise InvalidInput("Name each department, group and person once.", "subject_twice")
    if len(wanted) > MOST_SUBJECTS:
        raise InvalidInput(f"At most {MOST_SUBJECTS} departments, groups and people; make a group.")
    for one in wanted:
        if one.kind not in kinds:
            raise InvalidInput(f"This cannot be shared with a subject of the kind “{one.kind}”.")
        if (one.kind is SubjectKind.EVERYONE) != (one.id == ""):
            raise InvalidInput("Everyone has no id, and each other subject has one.")
    return wanted


def _refuse_unknown(session: Session, subjects: Collection[Subject]) -> None:
    if subject_names(session, subjects).keys() != set(subjects):
        raise InvalidInput("There is no such department, group or person.", "subject_unknown")


def _sorted(subjects: Iterable[Subject]) -> list[Subject]:
    return sorted(subjects, key=lambda one: (one.kind, one.id))
