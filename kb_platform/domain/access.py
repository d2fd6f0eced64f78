"""Who may read what: subjects, levels, the rights of a key, and the scope that every retrieval must be given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Level(StrEnum):
    """What somebody may do with a knowledge base; each level holds those before it."""

    READER = "reader"
    EDITOR = "editor"
    """Upload, change and delete documents."""
    MANAGER = "manager"
    """Rename, share and delete the knowledge base, restrict its documents."""

    def reaches(self, needed: Level) -> bool:
        order = list(Level)
        return order.index(self) >= order.index(needed)


class Right(StrEnum):
    """What an API key may do with what its user may do; none holds another."""

    READ = "read"
    ASK = "ask"
    WRITE = "write"


ALL_RIGHTS = frozenset(Right)


class SubjectKind(StrEnum):
    EVERYONE = "everyone"
    DEPARTMENT = "department"
    """Its people and those of all departments below it."""
    GROUP = "group"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom something is shared with. `id` is empty for everyone."""

    kind: SubjectKind
    id: str = ""


EVERYONE = Subject(SubjectKind.EVERYONE)


@dataclass(frozen=True, slots=True)
class AccessScope:
    """The knowledge bases whose documents this caller may read, resolved for one request by `kb_platform.access`.

    An empty scope finds nothing. `document_ids`, when given, narrows further ("only these documents").
    `hidden_document_ids` are documents of these knowledge bases that were restricted to others.
    """

    user_id: str
    knowledge_base_ids: frozenset[str]
    document_ids: frozenset[str] | None = None
    hidden_document_ids: frozenset[str] = frozenset()

    def narrowed_to(self, knowledge_base_ids: frozenset[str]) -> AccessScope:
        """Return the scope that has only those of the given knowledge bases that this one has."""
        return replace(self, knowledge_base_ids=self.knowledge_base_ids & knowledge_base_ids)

    def admits(self, knowledge_base_id: str, document_id: str) -> bool:
        """Whether a document may be read."""
        return (
            knowledge_base_id in self.knowledge_base_ids
            and document_id not in self.hidden_document_ids
            and (self.document_ids is None or document_id in self.document_ids)
        )
