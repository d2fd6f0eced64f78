"""The passages of a document, as they can be seen and mended."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from kb_platform.domain.document import Anchor
from web.api.schemas.common import Received, Sent


class Chunk(Sent):
    """A passage. Offsets count characters of the version's text; `text` is what stands there."""

    id: str
    ordinal: int
    start: int
    end: int
    text: str
    edited_text: str | None = Field(description="What an editor put in its place; null: unedited.")
    context: str = Field(description="Titles and table headers that it is found by as well.")
    heading_path: list[str]
    token_count: int = Field(description="Of what is embedded: the context and the text, edited if it was.")
    is_enabled: bool = Field(description="False: switched off, it is not found.")
    edited_by: str = Field(description="Who edited it or switched it off last; empty: nobody.")
    edited_at: datetime | None
    place: Anchor | None = Field(description="Where the original shows its beginning.")


class UnusedEdit(Sent):
    """An edit that is kept although no passage says any more what was edited."""

    id: str
    original_text: str
    text: str | None = Field(description="The editor's text; null: only switched off.")
    is_enabled: bool
    edited_by: str
    edited_at: datetime


class ChunkList(Sent):
    version_id: str
    is_current: bool = Field(description="Only passages of the version in use can be edited.")
    chunks: list[Chunk]
    total: int = Field(description="How many there are of those asked for.")
    chunk_count: int
    edited_count: int
    off_count: int
    max_tokens: int = Field(description="The longest passage, context included, that the embedding model reads.")
    unused_edits: list[UnusedEdit]


class ChunkChange(Received):
    """What is not given stays."""

    text: str | None = Field(None, max_length=100_000, description="The original's text takes the edit back.")
    is_enabled: bool | None = None


class ChunkDraft(Received):
    text: str = Field(max_length=100_000)


class DraftSize(Sent):
    token_count: int = Field(description="With the passage's context.")
    max_tokens: int
