"""The one place that decides who may read and change what.

Every signed-in user reads all live knowledge bases; administrators and editors change them. What a caller may not
see raises NotFound, exactly as what does not exist. Departments and sharing change the functions here, and nothing
else: no other module asks for a role.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb_platform import web_search
from kb_platform.accounts import Principal
from kb_platform.database.tables import Document, DocumentVersion, KnowledgeBase, Role
from kb_platform.domain.access import AccessScope
from kb_platform.domain.errors import NotAllowed, NotFound

WRITERS = frozenset({Role.ADMINISTRATOR, Role.EDITOR})


@dataclass(frozen=True, slots=True)
class VisibleVersion:
    """A document version that the caller may read, with its document."""

    document: Document
    version: DocumentVersion


def readable_scope(session: Session, principal: Principal) -> AccessScope:
    """Return everything that the caller may read."""
    live = session.scalars(select(KnowledgeBase.id).where(KnowledgeBase.deleted_at.is_(None)))
    return AccessScope(principal.user_id, frozenset(live))


def scope_of(session: Session, principal: Principal, knowledge_base_ids: Collection[str]) -> AccessScope:
    """Return the scope of exactly these knowledge bases. Raises NotFound when one is unknown or not readable."""
    wanted = frozenset(knowledge_base_ids)
    scope = readable_scope(session, principal).narrowed_to(wanted)
    if scope.knowledge_base_ids != wanted:
        raise NotFound("There is no such knowledge base.")
    return scope


def readable_knowledge_base(session: Session, principal: Principal, knowledge_base_id: str) -> KnowledgeBase:
    """Return the knowledge base. Raises NotFound."""
    scope_of(session, principal, [knowledge_base_id])
    return session.get_one(KnowledgeBase, knowledge_base_id)


def writable_knowledge_base(session: Session, principal: Principal, knowledge_base_id: str) -> KnowledgeBase:
    """Return the knowledge base for a change. Raises NotFound, or NotAllowed when the caller may only read it."""
    knowledge_base = readable_knowledge_base(session, principal, knowledge_base_id)
    require_writer(principal)
    return knowledge_base


def readable_document(session: Session, principal: Principal, document_id: str) -> Document:
    """Return the live document. Raises NotFound."""
    document = session.get(Document, document_id)
    if (
        document is None
        or document.deleted_at is not None
        or document.knowledge_base_id not in readable_scope(session, principal).knowledge_base_ids
    ):
        raise NotFound("There is no such document.")
    return document


def writable_document(session: Session, principal: Principal, document_id: str) -> Document:
    """Return the live document for a change. Raises NotFound or NotAllowed."""
    document = readable_document(session, principal, document_id)
    require_writer(principal)
    return document


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
    )
    readable = readable_scope(session, principal).knowledge_base_ids
    return frozenset(row.id for row in rows if row.knowledge_base_id in readable)


def usable_models(principal: Principal, names: Sequence[str]) -> list[str]:  # noqa: ARG001 - everybody uses all
    """Return those of the models that the caller may ask, in their order. Departments decide here."""
    return list(names)


def may_search_web(session: Session, principal: Principal) -> bool:  # noqa: ARG001 - nobody is in a department yet
    """Say whether an administrator has allowed the caller to ask the web."""
    return web_search.is_allowed(session, ())


def require_web_search(session: Session, principal: Principal) -> None:
    """Raises NotAllowed unless the caller may ask the web."""
    if not may_search_web(session, principal):
        raise NotAllowed("An administrator has not allowed web search for you.")


def require_writer(principal: Principal) -> None:
    """Raises NotAllowed unless the caller may make and change knowledge bases."""
    if principal.role not in WRITERS:
        raise NotAllowed("You may read here, but not change anything. Ask an administrator for the editor role.")


def require_administrator(principal: Principal) -> None:
    """Raises NotAllowed unless the caller is an administrator."""
    if principal.role is not Role.ADMINISTRATOR:
        raise NotAllowed("Only an administrator may do this.")


def require_session(principal: Principal) -> None:
    """Raises NotAllowed for an API key: what makes new credentials needs a person who signed in, or a leaked key
    could outlive its revocation."""
    if principal.credential != "session":
        raise NotAllowed("Sign in to do this; an API key may not.")
