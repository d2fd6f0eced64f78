"""Documents: their state, their text with its places in the original, and live events."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from kb_platform.domain.document import BlockKind, FileFormat, PageCoverage, Segment
from web.api.schemas.common import Received, Sent

State = Literal["queued", "parsing", "embedding", "paused", "ready", "failed"]


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
    folder: str = Field(description="Folders that it lies in, joined by /; empty at the top.")
    tags: list[str]
    state: State
    is_searchable: bool = Field(description="Some version can be found and opened now.")
    is_restricted: bool = Field(description="Not everybody who reads its knowledge base may read it.")
    is_replacing: bool = Field(description="A newer version is being read while the one in use answers.")
    error_code: str
    error_message: str = Field(description="Why it failed and what to do, for a person.")
    pages_done: int
    pages_total: int
    chunks_done: int
    chunks_total: int
    seconds_left: float | None = Field(
        description="Estimate for the step it is in, from how long the part that is done took; null before that."
    )
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


class DuplicateUpload(Sent):
    """A file that was not taken, since its content is there under another name."""

    name: str
    folder: str
    document_id: str
    document_path: str


class UploadResult(Sent):
    """What became of the files of one upload. Accepted documents are read in the background."""

    documents: list[Document]
    rejected: list[RejectedFile]
    duplicates: list[DuplicateUpload]


class RetryRequest(Received):
    password: str = Field("", max_length=1024, description="The file's own password, where it has one.")


class DocumentChange(Received):
    """What is not given stays."""

    name: str | None = Field(None, min_length=1, max_length=255)
    folder: str | None = Field(None, max_length=350)
    tags: list[str] | None = Field(None, max_length=20)
    knowledge_base_id: UUID | None = Field(None, description="Moves the document there.")


class BulkRequest(Received):
    """One action for many documents. Each is done or fails for itself."""

    action: Literal["delete", "pause", "resume", "cancel", "reread", "retry", "move", "tag"]
    document_ids: list[UUID] = Field(min_length=1, max_length=1000)
    knowledge_base_id: UUID | None = Field(None, description="For `move`: where to.")
    folder: str | None = Field(None, max_length=350, description="For `move`: the folder there.")
    add_tags: list[str] = Field([], max_length=20, description="For `tag`.")
    remove_tags: list[str] = Field([], max_length=20, description="For `tag`.")


class BulkFailure(Sent):
    id: str
    code: str
    message: str


class BulkResult(Sent):
    done: list[str]
    failed: list[BulkFailure]


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
