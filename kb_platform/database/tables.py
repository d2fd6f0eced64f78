"""The tables. SQL is the truth: files and the vector index can be checked and rebuilt from it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from kb_platform.domain.access import ALL_RIGHTS


def new_id() -> str:
    return str(uuid.uuid4())


def now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """Times in UTC with their zone, also on SQLite, which keeps none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={  # a constraint without a name cannot be changed by a later migration on SQLite
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), str: String(255), dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Role(StrEnum):
    """The most that a person may do; where, departments and shares say (`kb_platform.access`)."""

    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    """Of his department and all below it: of their people and their knowledge bases."""
    EDITOR = "editor"
    READER = "reader"


class User(Base):
    __tablename__ = "users"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    display_name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(32), default=Role.READER)
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"), index=True)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SignInSession(Base):
    """A signed-in browser or program. The token itself is never stored, only its SHA-256."""

    __tablename__ = "sessions"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class ApiKey(Base):
    """A key for programs. Shown once; only its SHA-256 is stored."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    rights: Mapped[list[Any]] = mapped_column(default=lambda: sorted(ALL_RIGHTS))
    knowledge_base_ids: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    """The only ones that the key opens; None: all that its user may read."""


class KnowledgeBase(Base):
    __tablename__ = "knowledge_bases"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(Text, default="")
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"), index=True)
    """The department that it belongs to: its managers manage it."""
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]
    """Hidden at once; its documents are cleaned up by a job, the row goes last."""


class Document(Base):
    """A file of a knowledge base under its name; `current_version_id` is the version that is found and shown."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("knowledge_base_id", "live_path"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    knowledge_base_id: Mapped[str] = mapped_column(ForeignKey("knowledge_bases.id"), index=True)
    name: Mapped[str] = mapped_column(String(1024))
    folder: Mapped[str] = mapped_column(String(512), default="")
    """Where it lay in the uploaded folder, parts joined by "/"; empty at the top."""
    live_path: Mapped[str | None] = mapped_column(String(1024))
    """Folder and name while the document lives, NULL once deleted: lets a name be used again at once."""
    tags: Mapped[list[Any]] = mapped_column(default=list)
    current_version_id: Mapped[str | None] = mapped_column(String(36))
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]
    versions: Mapped[list[DocumentVersion]] = relationship(
        back_populates="document", order_by="DocumentVersion.number", passive_deletes=True
    )


class VersionState(StrEnum):
    QUEUED = "queued"
    PARSING = "parsing"
    EMBEDDING = "embedding"
    PAUSED = "paused"
    READY = "ready"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    """Was ready; a newer version took its place. Kept: old answers cite it."""


class DocumentVersion(Base):
    __tablename__ = "document_versions"
    __table_args__ = (UniqueConstraint("document_id", "number"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    file_sha256: Mapped[str] = mapped_column(String(64), index=True)
    file_bytes: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16), default=VersionState.QUEUED)
    encrypted_password: Mapped[str] = mapped_column(Text, default="")
    """The file's own password, kept so that it can be read and shown again."""
    error_code: Mapped[str] = mapped_column(String(64), default="")
    error_message: Mapped[str] = mapped_column(Text, default="")
    pages_done: Mapped[int] = mapped_column(Integer, default=0)
    pages_total: Mapped[int] = mapped_column(Integer, default=0)
    chunks_done: Mapped[int] = mapped_column(Integer, default=0)
    chunks_total: Mapped[int] = mapped_column(Integer, default=0)
    stage_since: Mapped[datetime | None]
    """When the state it is in began: what the time that is left is reckoned from."""
    format: Mapped[str] = mapped_column(String(16), default="")
    title: Mapped[str] = mapped_column(String(1024), default="")
    parsed_sha256: Mapped[str] = mapped_column(String(64), default="")
    """The parsed document (canonical text, blocks, anchors) in the file store."""
    coverage: Mapped[list[Any]] = mapped_column(default=list)
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    embedding_model: Mapped[str] = mapped_column(default="")
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    ready_at: Mapped[datetime | None]
    document: Mapped[Document] = relationship(back_populates="versions")

    def enter(self, state: VersionState) -> None:
        """Begin a state; the time that is left is reckoned from here."""
        self.state, self.stage_since = state, now()


class ChunkRow(Base):
    """A chunk; `id` is also its point in the vector index (UUIDv5 of version, ordinal and embedding model)."""

    __tablename__ = "chunks"
    __table_args__ = (Index("ix_chunks_version_ordinal", "version_id", "ordinal", unique=True),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("document_versions.id", ondelete="CASCADE"))
    ordinal: Mapped[int] = mapped_column(Integer)
    start: Mapped[int] = mapped_column("start_offset", Integer)
    end: Mapped[int] = mapped_column("end_offset", Integer)
    text: Mapped[str] = mapped_column(Text)
    context: Mapped[str] = mapped_column(Text, default="")
    heading_path: Mapped[list[Any]] = mapped_column(default=list)
    token_count: Mapped[int] = mapped_column(Integer)
    content_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what is embedded; the point in the index carries the same."""
    is_enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    """False: an editor switched it off; it has no point and is not found."""
    edited_text: Mapped[str | None] = mapped_column(Text)
    """What an editor put in the place of `text`; None: unedited. `text` stays what the original says."""
    edit_id: Mapped[str | None] = mapped_column(String(36))
    """The ChunkEdit that `is_enabled` and `edited_text` come from."""

    @property
    def embedding_text(self) -> str:
        """What is embedded: the context, and the text as it was edited."""
        text = self.text if self.edited_text is None else self.edited_text
        return f"{self.context}\n{text}" if self.context else text


class ChunkEdit(Base):
    """An editor's change to a passage, kept by what the passage said so that it outlives re-reading the file.

    It applies to each chunk of the document's versions whose original text has this hash and, among equal ones, this
    place."""

    __tablename__ = "chunk_edits"
    __table_args__ = (UniqueConstraint("document_id", "text_hash", "occurrence"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    text_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the chunk's original text."""
    occurrence: Mapped[int] = mapped_column(Integer, default=0)
    """0 for the first chunk of a version with this text, 1 for the second, …"""
    is_enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    original_text: Mapped[str] = mapped_column(Text)
    """What the chunk said: shown when no chunk says it any more."""
    text: Mapped[str | None] = mapped_column(Text)
    """The new text; None: only switched off."""
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    """Who edited last."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class JobKind(StrEnum):
    INGEST = "ingest"
    DELETE_DOCUMENT = "delete_document"
    DELETE_KNOWLEDGE_BASE = "delete_knowledge_base"
    REINDEX_DOCUMENT = "reindex_document"
    """Makes the index hold what SQL says of a document: after an edited chunk, a move, a loss."""
    RECONCILE_INDEX = "reconcile_index"
    """Compares all of SQL with all of the index, and mends it; the target is empty."""


class JobState(StrEnum):
    QUEUED = "queued"
    PAUSED = "paused"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Base):
    """Work to be done, and the lease of the worker that does it."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state_priority", "state", "priority", "created_at"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(32))
    target_id: Mapped[str] = mapped_column(String(36), index=True)
    """Version, document or knowledge base, as the kind says."""
    state: Mapped[str] = mapped_column(String(16), default=JobState.QUEUED)
    priority: Mapped[int] = mapped_column(Integer, default=5)
    """0 goes first, 9 last."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    """Those that ended by the job's own doing, as far as one can tell: an error, or the death of its process alone."""
    lost_leases: Mapped[int] = mapped_column(Integer, default=0)
    """How often its lease ran out: the whole worker or its machine went away."""
    lease_owner: Mapped[str] = mapped_column(default="")
    lease_expires_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime] = mapped_column(default=now)
    """When a worker was last told of it, or when it may be told again."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Conversation(Base):
    __tablename__ = "conversations"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(default="")
    knowledge_base_ids: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    turns: Mapped[list[Turn]] = relationship(
        back_populates="conversation", order_by="Turn.number", cascade="all, delete-orphan"
    )


class TurnState(StrEnum):
    ANSWERING = "answering"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Turn(Base):
    """A question and its answer. `sources` and `citations` keep what was given and cited, version and offsets
    included, so that an old answer's citations open the words they were made from."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "number"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16), default=TurnState.ANSWERING)
    question: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text, default="")
    reasoning: Mapped[str] = mapped_column(Text, default="")
    reasoning_seconds: Mapped[float] = mapped_column(Float, default=0.0)
    answer: Mapped[str] = mapped_column(Text, default="")
    answerer: Mapped[str] = mapped_column(String(16), default="")
    model: Mapped[str] = mapped_column(default="")
    abstained: Mapped[bool] = mapped_column(Boolean, default=False)
    sources: Mapped[list[Any]] = mapped_column(default=list)
    citations: Mapped[list[Any]] = mapped_column(default=list)
    flags: Mapped[list[Any]] = mapped_column(default=list)
    """What the answer names that stands in no source."""
    usage: Mapped[dict[str, Any]] = mapped_column(default=dict)
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the model was sent and what was dropped; the next question's prompt begins with the same words."""
    notices: Mapped[list[Any]] = mapped_column(default=list)
    """What the reader should know about how the answer was made (`code`, `message`)."""
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    """Moves about twice a second while answering: an older one tells that the process which answered is gone."""
    conversation: Mapped[Conversation] = relationship(back_populates="turns")


class Feedback(Base):
    """What a reader thinks of an answer; it goes with its turn."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("turn_id", "user_id"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    rating: Mapped[str] = mapped_column(String(8), default="")
    """up, down, or empty where only citations were marked."""
    wrong_citations: Mapped[list[Any]] = mapped_column(default=list)
    """Of each citation that is wrong: its number and where its sentence begins."""
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now, index=True)


class ModelEndpoint(Base):
    """An OpenAI-compatible endpoint that an administrator connected. The key is encrypted."""

    __tablename__ = "model_endpoints"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str]
    base_url: Mapped[str] = mapped_column(String(1024))
    encrypted_api_key: Mapped[str] = mapped_column(Text, default="")
    model: Mapped[str]
    context_window: Mapped[int] = mapped_column(Integer, default=0)
    is_enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    priority: Mapped[int] = mapped_column(Integer, default=0)
    """Among endpoints of one name the lowest number is asked first; higher ones stand in for it."""
    concurrency: Mapped[int] = mapped_column(Integer, default=0)
    """Generations at a time; 0: the setting's."""
    price_cache_hit: Mapped[float] = mapped_column(Float, default=0.0)
    """Prices are per million tokens, in the currency of the settings."""
    price_cache_miss: Mapped[float] = mapped_column(Float, default=0.0)
    price_output: Mapped[float] = mapped_column(Float, default=0.0)
    default_since: Mapped[datetime] = mapped_column(default=now)
    """The latest one's name answers where nobody chooses."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class UsagePurpose(StrEnum):
    ANSWER = "answer"
    AROUND_ANSWER = "around_answer"
    """What helps an answer: a standalone query, a summary."""
    EMBEDDING = "embedding"


class UsageRecord(Base):
    """What one call of a model took. The cost is what the prices made it then: a new price changes no past."""

    __tablename__ = "usage_records"
    __table_args__ = (Index("ix_usage_records_user_id_created_at", "user_id", "created_at"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    api_key_id: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    """None: asked in the browser."""
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id", ondelete="SET NULL"), index=True)
    """The user's when it was used: who moves on leaves it behind."""
    model: Mapped[str]
    endpoint: Mapped[str] = mapped_column(String(1024), default="")
    purpose: Mapped[str] = mapped_column(String(16))
    prompt_tokens: Mapped[int] = mapped_column(Integer, default=0)
    cached_tokens: Mapped[int] = mapped_column(Integer, default=0)
    """Those of the prompt that came from the server's prefix cache."""
    reasoning_tokens: Mapped[int] = mapped_column(Integer, default=0)
    answer_tokens: Mapped[int] = mapped_column(Integer, default=0)
    is_counted_here: Mapped[bool] = mapped_column(Boolean, default=False)
    """The endpoint did not say: counted with our own tokenizer."""
    cost: Mapped[float] = mapped_column(Float, default=0.0)
