"""Knowledge bases, and searching them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, Field

from kb_platform.domain.access import Level
from kb_platform.domain.chunk import Hit
from kb_platform.knowledge_bases import MOST_NAME_CHARACTERS
from kb_platform.retrieval.explaining import Places
from kb_platform.shares import ShareWith
from web.api.schemas.common import Received, Sent

MOST_QUERY_CHARACTERS = 4000


class KnowledgeBase(Sent):
    id: str
    name: str
    description: str
    department_id: str | None = Field(description="The department that it belongs to.")
    level: Level = Field(description="What the caller may do with it.")
    document_count: int
    ready_count: int = Field(description="Documents that can be found now.")
    created_at: datetime


class KnowledgeBaseList(Sent):
    knowledge_bases: list[KnowledgeBase]


class KnowledgeBaseRequest(Received):
    name: str = Field(min_length=1, max_length=MOST_NAME_CHARACTERS)
    description: str = Field("", max_length=4000)
    share_with: ShareWith | None = Field(
        None, description="Who reads it beside the caller; the caller's department, if there is one, when not given."
    )


class KnowledgeBaseChange(Received):
    name: str | None = Field(None, min_length=1, max_length=MOST_NAME_CHARACTERS)
    description: str | None = Field(None, max_length=4000)


class SearchSettings(Received):
    """Other values than the platform's own, for this search only."""

    dense_weight: float | None = Field(
        None, ge=0, le=1, description="Share of the dense score in the fusion, whatever the question's language."
    )
    feedback_weight: float | None = Field(None, ge=0, le=5, description="Likeness to the best passages; 0: off.")
    feedback_words_weight: float | None = Field(None, ge=0, le=5, description="Words shared with them; 0: off.")
    candidates: int | None = Field(None, ge=1, le=500, description="Passages that each stage brings to the fusion.")


class SearchFilters(Received):
    """Only documents that pass all of these are searched."""

    document_ids: list[UUID] | None = Field(None, max_length=10_000, description="Only these documents.")
    folder: str | None = Field(None, max_length=512, description="In this folder or one below it.")
    tags: list[str] = Field(default_factory=list, max_length=100, description="Having all of these tags.")
    formats: list[str] | None = Field(None, max_length=50, description="pdf, docx, xlsx, …: one of these.")
    added_from: AwareDatetime | None = Field(None, description="First uploaded then or later.")
    added_until: AwareDatetime | None = Field(None, description="First uploaded then or before.")


class SearchRequest(Received):
    query: str = Field(min_length=1, max_length=MOST_QUERY_CHARACTERS)
    knowledge_base_ids: list[UUID] = Field(min_length=1, max_length=1000)
    limit: int | None = Field(None, ge=1, le=100, description="Passages wanted; the setting's number if not given.")
    filters: SearchFilters | None = None
    reranking: bool = Field(True, description="Use the reranker where one is configured.")
    neighbours: bool = Field(False, description="Add the text before and after each passage.")
    settings: SearchSettings | None = None
    explain: bool = Field(False, description="Say of each hit where each stage placed it and which words matched.")


class Match(Sent):
    """Characters [start, end) of the hit's text."""

    start: int
    end: int


class Explanation(Sent):
    """Why a passage was found."""

    places: Places = Field(description="From 1, among the candidates; null where the stage did not see it.")
    matches: list[Match] = Field(description="The query's words in the hit's text.")


class SearchTimings(Sent):
    embedding: float = Field(description="Seconds.")
    index: float
    database: float
    reranking: float | None = Field(None, description="Null where nothing was reranked.")
    total: float


class SearchResult(Sent):
    query: str
    hits: list[Hit] = Field(description="Best first.")
    explanations: list[Explanation] = Field(
        default_factory=list, description="With `explain`: one for each hit, in the same order."
    )
    timings: SearchTimings
