"""Edits of passages: what an editor corrected or switched off, kept by what the passage said.

An edit belongs to the document, not to a version: it applies to each chunk whose original text is the one that was
edited, so that it outlives reading the file anew. Where no chunk says that any more, it is kept and applies to none.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb_platform.database.engine import Database
from kb_platform.database.tables import ChunkEdit, ChunkRow, Document, User, now
from kb_platform.documents import QueuedJob, queue_reindexing
from kb_platform.domain.errors import Conflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from kb_platform.embedding import EmbeddingModel


@dataclass(frozen=True, slots=True)
class UnusedEdit:
    """An edit whose passage the current version does not hold. `text` is None where it was only switched off."""

    id: str
    original_text: str
    text: str | None
    is_enabled: bool
    edited_by: str
    edited_at: datetime


def apply_edits(session: Session, document_id: str, rows: Sequence[ChunkRow]) -> None:
    """Give the chunks of a version (all of them) the edits made to equal passages before, and take back what no edit
    says any more."""
    edits = {
        (edit.text_hash, edit.occurrence): edit
        for edit in session.scalars(select(ChunkEdit).where(ChunkEdit.document_id == document_id))
    }
    if not edits and not any(row.edit_id for row in rows):
        return
    for row, key in _with_keys(rows):
        _apply(edits.get(key), row)


def has_edits(session: Session, document_id: str, version_id: str) -> bool:
    """Whether `apply_edits` could change anything of the version."""
    of_document = select(ChunkEdit.id).where(ChunkEdit.document_id == document_id)
    in_version = select(ChunkRow.id).where(ChunkRow.version_id == version_id, ChunkRow.edit_id.is_not(None))
    return any(session.scalar(one.limit(1)) is not None for one in (of_document, in_version))


def edit_chunk(
    database: Database,
    embedding: EmbeddingModel,
    document_id: str,
    chunk_id: str,
    user_id: str,
    *,
    text: str | None = None,
    is_enabled: bool | None = None,
) -> QueuedJob:
    """Put another text in the place of a passage's, or switch it off or on; what is None stays.

    The original's own text takes the edit back. Returns the job that brings it into the index. Raises NotFound for a
    passage that the document's current version does not hold, InvalidInput for a text that is empty or longer than
    the embedding model reads.
    """
    with database.writing() as session:
        row = _current_chunk(session, document_id, chunk_id)
        edited_text = row.edited_text if text is None else _checked(text, row, embedding)
        enabled = row.is_enabled if is_enabled is None else is_enabled
        edit = session.get(ChunkEdit, row.edit_id) if row.edit_id else None
        if edited_text is None and enabled:
            _forget(session, edit, row)
        else:
            if edit is None:
                edit = ChunkEdit(
                    document_id=document_id,
                    text_hash=_text_hash(row.text),
                    occurrence=_occurrence(session, row),
                    original_text=row.text,
                )
                session.add(edit)
            edit.text, edit.is_enabled, edit.created_by, edit.updated_at = edited_text, enabled, user_id, now()
            session.flush()
            _apply(edit, row)
        return queue_reindexing(session, document_id)


def undo_edit(database: Database, document_id: str, chunk_id: str) -> QueuedJob:
    """Give a passage its original text back and switch it on. Raises NotFound as `edit_chunk` does."""
    with database.writing() as session:
        row = _current_chunk(session, document_id, chunk_id)
        _forget(session, session.get(ChunkEdit, row.edit_id) if row.edit_id else None, row)
        return queue_reindexing(session, document_id)


def unused_edits(session: Session, document_id: str) -> list[UnusedEdit]:
    """Return the edits that apply to no chunk of the document's current version, the latest first."""
    used = (
        select(ChunkRow.edit_id)
        .join(Document, Document.current_version_id == ChunkRow.version_id)
        .where(Document.id == document_id, ChunkRow.edit_id.is_not(None))
    )
    rows = session.execute(
        select(ChunkEdit, User)
        .join(User, User.id == ChunkEdit.created_by)
        .where(ChunkEdit.document_id == document_id, ChunkEdit.id.not_in(used))
        .order_by(ChunkEdit.updated_at.desc())
    )
    return [
        UnusedEdit(
            edit.id, edit.original_text, edit.text, edit.is_enabled, user.display_name or user.email, edit.updated_at
        )
        for edit, user in rows
    ]


def discard_unused_edit(database: Database, document_id: str, edit_id: str) -> None:
    """Forget an edit that applies to no passage. Raises NotFound, or Conflict when it applies to one."""
    with database.writing() as session:
        edit = session.get(ChunkEdit, edit_id)
        if edit is None or edit.document_id != document_id:
            raise NotFound("There is no such edit.")
        if edit_id not in {unused.id for unused in unused_edits(session, document_id)}:
            raise Conflict("This edit is in use: take it back at its passage.")
        session.delete(edit)


def _checked(text: str, row: ChunkRow, embedding: EmbeddingModel) -> str | None:
    """Return the text as it is kept; None when it is the original's."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise EmptyPassage("A passage cannot be empty. Switch it off instead.")
    if text == row.text.strip():
        return None
    tokens = embedding.count_tokens(f"{row.context}\n{text}" if row.context else text)
    if tokens > embedding.max_tokens:
        raise PassageTooLong(tokens, embedding.max_tokens)
    return text


class EmptyPassage(InvalidInput):
    code = "empty_passage"


class PassageTooLong(InvalidInput):
    """An edited passage, its titles counted, has more tokens than the embedding model reads."""

    code = "passage_too_long"

    def __init__(self, tokens: int, most: int) -> None:
        super().__init__(
            f"The passage has {tokens} tokens with its titles; at most {most} can be searched. Shorten it."
        )


def _apply(edit: ChunkEdit | None, row: ChunkRow) -> None:
    row.edit_id = edit.id if edit else None
    row.is_enabled = edit.is_enabled if edit else True
    row.edited_text = edit.text if edit else None
    row.content_hash = _text_hash(row.embedding_text)


def _forget(session: Session, edit: ChunkEdit | None, row: ChunkRow) -> None:
    if edit is not None:
        session.delete(edit)
    _apply(None, row)


def _current_chunk(session: Session, document_id: str, chunk_id: str) -> ChunkRow:
    # The lock makes two editors, and a version that is just being swapped in, wait for each other.
    document = session.get(Document, document_id, with_for_update=True)
    row = session.get(ChunkRow, chunk_id)
    if document is None or document.deleted_at is not None or row is None:
        raise NotFound("There is no such passage any more: the document was read anew or deleted.")
    if row.version_id != document.current_version_id:
        raise NotFound("This passage is not in the version that is in use.")
    return row


def _occurrence(session: Session, row: ChunkRow) -> int:
    """Return how many chunks before this one say the same."""
    before = select(func.count()).where(
        ChunkRow.version_id == row.version_id, ChunkRow.ordinal < row.ordinal, ChunkRow.text == row.text
    )
    return session.scalar(before) or 0


def _with_keys(rows: Sequence[ChunkRow]) -> Iterator[tuple[ChunkRow, tuple[str, int]]]:
    seen: Counter[str] = Counter()
    for row in sorted(rows, key=lambda row: row.ordinal):
        text_hash = _text_hash(row.text)
        yield row, (text_hash, seen[text_hash])
        seen[text_hash] += 1


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
