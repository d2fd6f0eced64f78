"""What changed among the documents of a knowledge base since one looked last, read from the database.

Workers are other processes, on other machines perhaps; the database is what all of them write to, so it is asked
twice a second for the few rows that changed lately instead of running a second channel that could disagree with it.
"""

from __future__ import annotations

from datetime import timedelta

from kb_platform import access
from kb_platform.accounts import Principal, refreshed
from kb_platform.database.engine import Database
from kb_platform.database.tables import now
from kb_platform.document_states import changed_documents, documents_by_id, live_documents, moved_documents
from kb_platform.shares import restricted_documents
from web.api.document_views import document_view
from web.api.schemas.documents import Document

LOOK_BACK = timedelta(seconds=60)
"""A change carries the time when it was made, and is seen when its transaction ends; clocks differ a little too."""


class DocumentWatch:
    """One reader's view of one knowledge base."""

    def __init__(self, database: Database, principal: Principal, knowledge_base_id: str) -> None:
        self._database = database
        self._principal = principal
        self._knowledge_base_id = knowledge_base_id
        self._seen: dict[str, Document] = {}
        self._hidden: frozenset[str] = frozenset()

    def snapshot(self) -> list[Document]:
        """Return all documents. Raises NotFound when the knowledge base may not be read."""
        with self._database.reading() as session:
            self._hidden = access.scope_of(session, self._principal, [self._knowledge_base_id]).hidden_document_ids
            states = live_documents(session, self._knowledge_base_id, self._hidden)
            restricted = restricted_documents(session, self._knowledge_base_id)
        views = [document_view(state, state.document.id in restricted) for state in states]
        self._seen = {view.id: view for view in views}
        return views

    def changes(self) -> tuple[list[Document], list[str]]:
        """Return the documents that are new or different, and the ids of those that are gone or hidden, since the last
        call. Raises NotFound once the knowledge base may not be read any more, NotAuthenticated once the reader would
        not be let in any more."""
        with self._database.reading() as session:
            self._principal = refreshed(session, self._principal)
            hidden = access.scope_of(session, self._principal, [self._knowledge_base_id]).hidden_document_ids
            states = changed_documents(session, self._knowledge_base_id, since=now() - LOOK_BACK)
            if shown_again := self._hidden - hidden:
                states += documents_by_id(session, shown_again, self._knowledge_base_id)
            moved = moved_documents(session, self._knowledge_base_id, since=now() - LOOK_BACK)
            restricted = restricted_documents(session, self._knowledge_base_id)
        self._hidden = hidden
        changed: list[Document] = []
        deleted = sorted((moved | hidden) & self._seen.keys())
        for document_id in deleted:
            del self._seen[document_id]
        for state in states:
            if state.document.id in hidden:
                continue
            known = self._seen.get(state.document.id)
            if state.document.deleted_at is not None:
                if known is not None:
                    deleted.append(known.id)
                    del self._seen[known.id]
                continue
            view = document_view(state, state.document.id in restricted)
            if view != known:
                self._seen[view.id] = view
                changed.append(view)
        return changed, deleted
