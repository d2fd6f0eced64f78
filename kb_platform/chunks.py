"""Reading the chunks of a version, with who edited them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from kb_platform.database.tables import ChunkEdit, ChunkRow, User
from kb_platform.domain.errors import NotFound


class Which(StrEnum):
    """Which chunks are wanted."""

    ALL = "all"
    EDITED = "edited"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ListedChunk:
    """A chunk, and its edit where it has one (another text, or switched off)."""

    row: ChunkRow
    edited_by: str
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChunkPage:
    """A part of the chunks wanted, in reading order. `total` counts those wanted; the others the version's."""

    chunks: Sequence[ListedChunk]
    total: int
    chunk_count: int
    edited_count: int
    off_count: int


def list_chunks(
    session: Session, version_id: str, *, which: Which = Which.ALL, query: str = "", offset: int = 0, limit: int = 50
) -> ChunkPage:
    """Return chunks of a version. `query`: only those whose text, as it is or as it was, or whose titles hold these
    words, letter case aside."""
    of_version = ChunkRow.version_id == version_id
    edited, off = ChunkRow.edited_text.is_not(None), ~ChunkRow.is_enabled
    wanted: list[ColumnElement[bool]] = [of_version]
    if which is not Which.ALL:
        wanted.append(edited if which is Which.EDITED else off)
    for word in query.split():
        columns = (ChunkRow.text, ChunkRow.edited_text, ChunkRow.context)
        wanted.append(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    counts = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((edited, 1), else_=0)), 0),
            func.coalesce(func.sum(case((off, 1), else_=0)), 0),
        ).where(of_version)
    ).one()
    total = session.scalar(select(func.count()).select_from(ChunkRow).where(and_(*wanted))) or 0
    rows = _with_editor(session, and_(*wanted), offset, limit)
    return ChunkPage(rows, total, counts[0], counts[1], counts[2])


def one_chunk(session: Session, chunk_id: str) -> ListedChunk:
    """Return one chunk. Raises NotFound."""
    for chunk in _with_editor(session, ChunkRow.id == chunk_id, 0, 1):
        return chunk
    raise NotFound("There is no such passage any more: the document was read anew or deleted.")


def _with_editor(session: Session, wanted: ColumnElement[bool], offset: int, limit: int) -> list[ListedChunk]:
    rows = session.execute(
        select(ChunkRow, User, ChunkEdit.updated_at)
        .outerjoin(ChunkEdit, ChunkEdit.id == ChunkRow.edit_id)
        .outerjoin(User, User.id == ChunkEdit.created_by)
        .where(wanted)
        .order_by(ChunkRow.ordinal)
        .offset(offset)
        .limit(limit)
    )
    return [
        ListedChunk(row, (user.display_name or user.email) if user else "", edited_at) for row, user, edited_at in rows
    ]
