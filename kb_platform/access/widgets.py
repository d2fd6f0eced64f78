"""What a chat widget reads: its knowledge base, as the least of its readers."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb_platform import widgets
from kb_platform.access.knowledge_bases import levels, manageable_knowledge_base
from kb_platform.accounts import Principal, principal_of
from kb_platform.database.people_tables import DocumentRestriction
from kb_platform.database.tables import Document, Role, User
from kb_platform.database.widget_tables import Widget
from kb_platform.domain.access import AccessScope, Level, Right


def manageable_widget(session: Session, principal: Principal, knowledge_base_id: str, widget_id: str) -> Widget:
    """Return a widget for a change, which its knowledge base's managers may. Raises NotFound or NotAllowed."""
    manageable_knowledge_base(session, principal, knowledge_base_id)
    row = widgets.find_widget(session, widget_id)
    if row.knowledge_base_id != knowledge_base_id:
        raise widgets.unknown_widget()
    return row


def visitor(session: Session, row: Widget, visitor_id: str) -> Principal:
    """Return who asks through a widget: its maker as far as usage and models go, with the right to ask about this
    knowledge base and no other. Raises NotFound when the maker is suspended or does not manage the base any more."""
    maker = session.get_one(User, row.created_by)
    principal = principal_of(maker)
    level = levels(session, principal, [row.knowledge_base_id]).get(row.knowledge_base_id)
    if not maker.is_active or level is not Level.MANAGER:
        raise widgets.unknown_widget()
    return replace(
        principal,
        display_name=visitor_id,
        role=Role.READER,
        credential="widget",
        credential_id=row.id,
        rights=frozenset({Right.ASK}),
        knowledge_base_ids=frozenset({row.knowledge_base_id}),
    )


def scope_of_widget(session: Session, row: Widget) -> AccessScope:
    """Return the knowledge base without any document that is restricted to somebody: a visitor is nobody."""
    restricted = (
        select(DocumentRestriction.document_id)
        .join(Document, Document.id == DocumentRestriction.document_id)
        .where(Document.knowledge_base_id == row.knowledge_base_id)
    )
    base = frozenset({row.knowledge_base_id})
    return AccessScope(row.created_by, base, hidden_document_ids=frozenset(session.scalars(restricted)))
