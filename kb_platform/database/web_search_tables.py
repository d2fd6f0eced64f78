"""The table of who may ask the web."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from kb_platform.database.tables import Base, new_id, now


class WebSearchPermission(Base):
    """An administrator's word that the web may be asked. Without a row nobody may."""

    __tablename__ = "web_search_permissions"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    department_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    """Whose members may; None: everybody."""
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
