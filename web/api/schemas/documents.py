"""Documents: their state, their text with its places in the original, and live events."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from kb_platform.domain.document import BlockKind, FileFormat, PageCoverage, Segment
from web.api.schemas.common import Received, Sent

State = Literal["queued", "parsing", "embedding", "ready", "failed"]


class CoverageCounts(Sent):
    """Pages (slides, sheets) by what became of them."""

    text: int = 0
    ocr: int = 0
    empty: int = 0
    failed: int = 0


class Document(Sent):
    """A document. State, progress and error are those of the newest upload of that name; format, title, coverage,
    warnings, `version_id` and `version_number` those of the version in use, else of the newest."""

    id: str
    knowledge_base_id: str
    name: str
    state: State
    is_searchable: bool = Field(description="Some version can be found and opened now.")
    is_replacing: bool = Field(description="A newer version is being read while the one in use answers.")
    error_code: str
    error_message: str = Field(description="Why it failed and what to do, for a person.")
    pages_done: int
    pages_total: int
    chunks_done: int
    chunks_total: int
    format: FileFormat | Literal[""] = Field(description="Empty until it has been read.")
    title: str
    file_bytes: int
    version_id: str
    version_number: int
    coverage_counts: CoverageCounts
    coverage: list[PageCoverage] | None = Field(
        None, description="Page by page; only from GET /documents/{id}, null in lists and events."
    )
    warnings: list[str]
    created_at: datetime
    ready_at: datetime | None


class DocumentList(Sent):
    documents: list[Document]


class RejectedFile(Sent):
    name: str
    code: str
    message: str


class UploadResult(Sent):
    """What became of the files of one upload. Accepted documents are read in the background."""

    documents: list[Document]
    rejected: list[RejectedFile]


class RetryRequest(Received):
    password: str = Field("", max_length=1024, description="The file's own password, where it has one.")


class ContentBlock(Sent):
    kind: BlockKind
    start: int
    end: int
    level: int
    header_rows: int
    segments: list[Segment]


class Content(Sent):
    """The reader view. Offsets count characters (Unicode code points) of `text`."""

    document_id: str
    version_id: str
    format: FileFormat
    title: str
    text: str
    blocks: list[ContentBlock]
    pages: list[PageCoverage]


class Highlights(Sent):
    segments: list[Segment] = Field(description="Where the original shows the characters asked for.")


class SnapshotEvent(Sent):
    """First event (`snapshot`): all documents."""

    documents: list[Document]


class DeletedEvent(Sent):
    """Event `deleted`."""

    id: str
