"""Who may read what: the value that every retrieval must be given."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessScope:
    """The knowledge bases whose documents this caller may read, resolved for one request by `kb_platform.access`.

    An empty scope finds nothing. `document_ids`, when given, narrows further ("only these documents").
    """

    user_id: str
    knowledge_base_ids: frozenset[str]
    document_ids: frozenset[str] | None = None

    def narrowed_to(self, knowledge_base_ids: frozenset[str]) -> AccessScope:
        """Return the scope that has only those of the given knowledge bases that this one has."""
        return AccessScope(self.user_id, self.knowledge_base_ids & knowledge_base_ids, self.document_ids)
