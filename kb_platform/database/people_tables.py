"""The tables of departments and groups, and of what is shared with whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kb_platform.database.tables import Base, new_id, now


class Department(Base):
    """A part of the organisation. Its people also belong to every department above it."""

    __tablename__ = "departments"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str]
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"), index=True)
    storage_mib: Mapped[int | None] = mapped_column(BigInteger)
    """Quotas of it and all departments below; None: no limit."""
    documents: Mapped[int | None] = mapped_column(BigInteger)
    tokens_per_day: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Group(Base):
    """People who work together across departments. Managers of its department, if it has one, keep it."""

    __tablename__ = "user_groups"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class GroupMember(Base):
    __tablename__ = "user_group_members"
    group_id: Mapped[str] = mapped_column(ForeignKey("user_groups.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)


class KnowledgeBaseShare(Base):
    """A subject (`kind` and `subject_id`, empty for everyone) has a level in a knowledge base."""

    __tablename__ = "knowledge_base_shares"
    __table_args__ = (UniqueConstraint("knowledge_base_id", "subject_kind", "subject_id"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    knowledge_base_id: Mapped[str] = mapped_column(ForeignKey("knowledge_bases.id", ondelete="CASCADE"))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(36), default="", index=True)
    level: Mapped[str] = mapped_column(String(16))


class DocumentRestriction(Base):
    """A document with such rows is read by these subjects only, and by its knowledge base's managers."""

    __tablename__ = "document_restrictions"
    __table_args__ = (UniqueConstraint("document_id", "subject_kind", "subject_id"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(36), index=True)


class ModelEndpointLimit(Base):
    """A model endpoint with such rows answers these departments and groups only."""

    __tablename__ = "model_endpoint_limits"
    __table_args__ = (UniqueConstraint("model_endpoint_id", "subject_kind", "subject_id"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    model_endpoint_id: Mapped[str] = mapped_column(ForeignKey("model_endpoints.id", ondelete="CASCADE"))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(36), index=True)


class Identity(Base):
    """Who a person is to a single sign-on's provider. `subject` is the only name that stays there."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    issuer: Mapped[str]
    subject: Mapped[str]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Invitation(Base):
    """A link that makes one account. Only the SHA-256 of its secret is stored."""

    __tablename__ = "invitations"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(320), default="")
    """Whose account it makes; empty: whoever has the link says."""
    role: Mapped[str] = mapped_column(String(32))
    department_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who came by it."""
