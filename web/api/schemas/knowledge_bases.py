"""Knowledge bases, and searching them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from kb_platform.domain.chunk import Hit
from kb_platform.knowledge_bases import MOST_NAME_CHARACTERS
from web.api.schemas.common import Received, Sent

MOST_QUERY_CHARACTERS = 4000


class KnowledgeBase(Sent):
    id: str
    name: str
    description: str
    document_count: int
    ready_count: int = Field(description="Documents that can be found now.")
    created_at: datetime


class KnowledgeBaseList(Sent):
    knowledge_bases: list[KnowledgeBase]


class KnowledgeBaseRequest(Received):
    name: str = Field(min_length=1, max_length=MOST_NAME_CHARACTERS)
    description: str = Field("", max_length=4000)


class KnowledgeBaseChange(Received):
    name: str | None = Field(None, min_length=1, max_length=MOST_NAME_CHARACTERS)
    description: str | None = Field(None, max_length=4000)


class SearchRequest(Received):
    query: str = Field(min_length=1, max_length=MOST_QUERY_CHARACTERS)
    knowledge_base_ids: list[UUID] = Field(min_length=1, max_length=1000)
    limit: int | None = Field(None, ge=1, le=100, description="Passages wanted; the setting's number if not given.")


class SearchTimings(Sent):
    embedding: float = Field(description="Seconds.")
    index: float
    database: float
    total: float


class SearchResult(Sent):
    query: str
    hits: list[Hit] = Field(description="Best first.")
    timings: SearchTimings
