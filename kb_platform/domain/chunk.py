"""Chunks (what is embedded and found) and hits (what a retrieval returns)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Chunk:
    """Characters [start, end) of a document version's canonical text: `text` is exactly that slice.

    `context` goes before the text when it is embedded (document title, section titles, a table's header rows);
    it is shown beside the passage but never quoted from.
    """

    ordinal: int
    start: int
    end: int
    text: str
    heading_path: tuple[str, ...] = ()
    context: str = ""
    token_count: int = 0

    @property
    def embedding_text(self) -> str:
        return f"{self.context}\n{self.text}" if self.context else self.text

    @property
    def content_hash(self) -> str:
        """SHA-256 of what is embedded: equal hashes need no second embedding."""
        return hashlib.sha256(self.embedding_text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Scores:
    """What each stage gave a hit; None where the stage did not see it. `fused` decides the order unless
    `reranked` is there. `dense_other` is the cosine to the question as it would be in the other language,
    `sentence_other` that of the passage's nearest sentence, looked at where nothing else tells of an answer."""

    dense: float | None = None
    sparse: float | None = None
    fused: float = 0.0
    reranked: float | None = None
    dense_other: float | None = None
    sentence_other: float | None = None


@dataclass(frozen=True, slots=True)
class PassageEdit:
    """Who changed a passage's words, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page of the web as it was seen: `published` is YYYY-MM-DD or empty; `is_excerpt`: the page itself could not be
    read, and the passage is what the search engine shows of it."""

    url: str
    site: str
    published: str
    seen_at: datetime
    is_excerpt: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a retrieval found. Offsets count characters of the version's canonical text.

    Where `web` is there it is a passage of a web page, with offsets in the page's text; it belongs to no document.

    Where an editor changed the words, `edit` is there and `text` is what the editor wrote: then only the passage as a
    whole has a place in the original, [start, end).
    """

    chunk_id: str
    knowledge_base_id: str
    document_id: str
    version_id: str
    document_name: str
    document_title: str
    ordinal: int
    start: int
    end: int
    text: str
    heading_path: tuple[str, ...] = ()
    context: str = ""
    scores: Scores = field(default_factory=Scores)
    edit: PassageEdit | None = None
    web: WebPage | None = None
    before: str = ""
    after: str = ""
    """The passages around this one in its document, where they were asked for; never quoted from."""

    def in_original(self, start: int, end: int) -> tuple[int, int]:
        """Return where the original says characters [start, end) of `text`: exactly there, or in an edited passage
        its whole."""
        return (self.start, self.end) if self.edit else (self.start + start, self.start + end)
