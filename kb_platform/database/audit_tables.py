"""The audit's tables: a chain of events, and the one row that says where it begins and ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kb_platform.database.tables import Base


class AuditEvent(Base):
    """What somebody did. Never changed; `hash` covers every column and the hash of the event before. No foreign keys:
    what happened outlives who did it and what it was done to."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_user_id_number", "user_id", "number"),
        Index("ix_audit_events_action_number", "action", "number"),
    )
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """From 1, without gaps."""
    at: Mapped[datetime] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(64))
    """The operation's name in the API's description."""
    user_id: Mapped[str] = mapped_column(String(36), default="")
    """Empty: nobody who was signed in."""
    user: Mapped[str] = mapped_column(String(320), default="")
    """The e-mail address then; at a sign-in the one that was given."""
    credential: Mapped[str] = mapped_column(String(16), default="")
    """session, api_key, widget or empty."""
    credential_id: Mapped[str] = mapped_column(String(64), default="")
    """The API key's or the widget's id; of a session nothing is kept."""
    objects: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What it was done to: name of the parameter → id."""
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    address: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(255), default="")
    status: Mapped[int] = mapped_column(Integer)
    """The answer's HTTP status."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class AuditChain(Base):
    """Where the chain begins and ends. The signature needs the platform's secret key: who can write to the database
    alone can neither shorten the chain nor make another one."""

    __tablename__ = "audit_chain"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Always 1."""
    first_number: Mapped[int] = mapped_column(BigInteger, default=1)
    """The oldest event that is still kept."""
    anchor_hash: Mapped[str] = mapped_column(String(64), default="")
    """Hash of the event before it, which is gone by retention; empty at the very beginning."""
    last_number: Mapped[int] = mapped_column(BigInteger, default=0)
    last_hash: Mapped[str] = mapped_column(String(64), default="")
    signature: Mapped[str] = mapped_column(String(64), default="")
    """HMAC-SHA256 over the four columns before."""
