"""What a caller may do with which knowledge base, and the scope that retrieval searches."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from kb_platform.access.administration import require_right
from kb_platform.access.subjects import managed_departments, subjects_of
from kb_platform.accounts import Principal
from kb_platform.database.people_tables import DocumentRestriction, KnowledgeBaseShare
from kb_platform.database.tables import Document, KnowledgeBase, Role
from kb_platform.domain.access import AccessScope, Level, Right, Subject
from kb_platform.domain.errors import NotAllowed, NotFound


def levels(session: Session, principal: Principal, only: Collection[str] | None = None) -> dict[str, Level]:
    """Return what the caller may do with each live knowledge base (of these, if given) that they may read."""
    wanted = principal.knowledge_base_ids
    if only is not None:
        wanted = frozenset(only) if wanted is None else wanted & frozenset(only)
    live = select(KnowledgeBase.id, KnowledgeBase.department_id).where(KnowledgeBase.deleted_at.is_(None))
    if wanted is not None:
        live = live.where(KnowledgeBase.id.in_(wanted))
    managed = managed_departments(session, principal)
    if managed is None:
        return dict.fromkeys(session.scalars(live), Level.MANAGER)
    found: dict[str, Level] = {}
    if managed:
        found = dict.fromkeys(session.scalars(live.where(KnowledgeBase.department_id.in_(managed))), Level.MANAGER)
    shares = (
        live.add_columns(KnowledgeBaseShare.level)
        .join(KnowledgeBaseShare, KnowledgeBaseShare.knowledge_base_id == KnowledgeBase.id)
        .where(KnowledgeBaseShare.subject_id.in_(_ids(subjects_of(session, principal))))
    )
    for id_, _, level in session.execute(shares):
        given = Level.READER if principal.role is Role.READER else Level(level)
        if id_ not in found or given.reaches(found[id_]):
            found[id_] = given
    return found


def readable_scope(session: Session, principal: Principal) -> AccessScope:
    """Return everything that the caller may read."""
    return _scope(session, principal, levels(session, principal))


def scope_of(session: Session, principal: Principal, knowledge_base_ids: Collection[str]) -> AccessScope:
    """Return the scope of exactly these knowledge bases. Raises NotFound when one is unknown or not readable."""
    wanted = frozenset(knowledge_base_ids)
    found = levels(session, principal, wanted)
    if found.keys() != wanted:
        raise NotFound("There is no such knowledge base.")
    return _scope(session, principal, found)


def readable_knowledge_base(session: Session, principal: Principal, knowledge_base_id: str) -> KnowledgeBase:
    """Return the knowledge base. Raises NotFound."""
    return _at_level(session, principal, knowledge_base_id, Level.READER)


def writable_knowledge_base(session: Session, principal: Principal, knowledge_base_id: str) -> KnowledgeBase:
    """Return the knowledge base for a change of its documents. Raises NotFound, or NotAllowed when the caller may only
    read it."""
    return _at_level(session, principal, knowledge_base_id, Level.EDITOR)


def manageable_knowledge_base(session: Session, principal: Principal, knowledge_base_id: str) -> KnowledgeBase:
    """Return the knowledge base for a change of itself: its name, its shares, its end. Raises NotFound or
    NotAllowed."""
    return _at_level(session, principal, knowledge_base_id, Level.MANAGER)


def still_manages(session: Session, principal: Principal, knowledge_base_id: str) -> bool:
    """Whether the caller manages a knowledge base after a change of its shares in this transaction."""
    return levels(session, principal, [knowledge_base_id]).get(knowledge_base_id) is Level.MANAGER


def require_level(principal: Principal, level: Level, needed: Level) -> None:
    """Raises NotAllowed when the level, or the key that the caller came with, does not reach so far."""
    if needed is not Level.READER:
        require_right(principal, Right.WRITE)
    if level.reaches(needed):
        return
    if principal.role is Role.READER:
        raise NotAllowed("You may read here, but not change anything. Ask an administrator for the editor role.")
    if needed is Level.EDITOR:
        raise NotAllowed("You may only read this knowledge base. Ask its managers to share it with you as editor.")
    raise NotAllowed("Only a manager of this knowledge base may do this.")


def hidden_documents(session: Session, principal: Principal, found: dict[str, Level]) -> frozenset[str]:
    """Return the documents of these knowledge bases, with the caller's level in each, that are restricted to others."""
    in_question = [id_ for id_, level in found.items() if level is not Level.MANAGER]
    if not in_question:
        return frozenset()
    mine = DocumentRestriction.subject_id.in_(_ids(subjects_of(session, principal)))
    restricted = (
        select(DocumentRestriction.document_id)
        .join(Document, Document.id == DocumentRestriction.document_id)
        .where(Document.knowledge_base_id.in_(in_question))
        .group_by(DocumentRestriction.document_id)
        .having(func.max(case((mine, 1), else_=0)) == 0)
    )
    return frozenset(session.scalars(restricted))


def _scope(session: Session, principal: Principal, found: dict[str, Level]) -> AccessScope:
    return AccessScope(
        principal.user_id, frozenset(found), hidden_document_ids=hidden_documents(session, principal, found)
    )


def _at_level(session: Session, principal: Principal, knowledge_base_id: str, needed: Level) -> KnowledgeBase:
    level = levels(session, principal, [knowledge_base_id]).get(knowledge_base_id)
    if level is None:
        raise NotFound("There is no such knowledge base.")
    require_level(principal, level, needed)
    return session.get_one(KnowledgeBase, knowledge_base_id)


def _ids(subjects: Collection[Subject]) -> list[str]:
    """Ids are unique among all kinds, and empty for everyone only."""
    return sorted(subject.id for subject in subjects)
