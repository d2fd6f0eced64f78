"""The table of chat widgets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kb_platform.database.tables import Base, new_id, now


class Widget(Base):
    """A chat about one knowledge base for the pages of other sites. It reads what its maker's readers read, and no
    longer than its maker manages the knowledge base."""

    __tablename__ = "widgets"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    knowledge_base_id: Mapped[str] = mapped_column(ForeignKey("knowledge_bases.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    """Stands above the chat."""
    allowed_origins: Mapped[list[Any]] = mapped_column(default=list)
    needs_token: Mapped[bool] = mapped_column(Boolean, default=False)
    secret: Mapped[str] = mapped_column(Text, default="")
    """Encrypted: with what the embedding site signs its tokens."""
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]
