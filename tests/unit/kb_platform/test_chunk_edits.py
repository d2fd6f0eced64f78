"""What an editor corrects or switches off stays so, whatever happens to the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import select

from kb_platform.chunk_edits import (
    PassageTooLong,
    apply_edits,
    discard_unused_edit,
    edit_chunk,
    undo_edit,
    unused_edits,
)
from kb_platform.database.engine import Database
from kb_platform.database.tables import (
    ChunkEdit,
    ChunkRow,
    Document,
    DocumentVersion,
    Job,
    JobKind,
    JobState,
    VersionState,
    new_id,
)
from kb_platform.domain.errors import Conflict, InvalidInput, NotFound
from kb_platform.embedding import EmbeddingModel
from kb_platform.embedding.tokens import approximate_offsets

FEE = "The fee is 100 yuan."
AddVersion = Callable[..., list[str]]


@pytest.fixture
def embedding() -> EmbeddingModel:
    """Only counts tokens here."""
    return EmbeddingModel("counting", 3, 20, None, approximate_offsets, 1)  # type: ignore[arg-type]


@pytest.fixture
def document_id(database: Database, knowledge_base_id: str, user_id: str) -> str:
    with database.writing() as session:
        document = Document(knowledge_base_id=knowledge_base_id, name="a.txt", live_path="a.txt", created_by=user_id)
        session.add(document)
        session.flush()
        return document.id


@pytest.fixture
def add_version(database: Database, document_id: str, user_id: str) -> AddVersion:
    def add(texts: Sequence[str], is_current: bool = True) -> list[str]:
        with database.writing() as session:
            document = session.get_one(Document, document_id)
            version = DocumentVersion(
                document_id=document_id,
                number=len(document.versions) + 1,
                file_sha256="0" * 64,
                file_bytes=1,
                state=VersionState.READY,
                created_by=user_id,
            )
            session.add(version)
            session.flush()
            rows = [
                ChunkRow(
                    id=new_id(),
                    version_id=version.id,
                    ordinal=ordinal,
                    start=0,
                    end=len(text),
                    text=text,
                    context="Rules",
                    token_count=1,
                    content_hash=hashlib.sha256(f"Rules\n{text}".encode()).hexdigest(),
                    is_enabled=True,
                )
                for ordinal, text in enumerate(texts)
            ]
            apply_edits(session, document_id, rows)
            session.add_all(rows)
            if is_current:
                document.current_version_id = version.id
            return [row.id for row in rows]

    return add


def shown(database: Database, ids: Sequence[str]) -> list[tuple[str | None, bool]]:
    with database.reading() as session:
        rows = {row.id: row for row in session.scalars(select(ChunkRow).where(ChunkRow.id.in_(ids)))}
    return [(rows[id_].edited_text, rows[id_].is_enabled) for id_ in ids]


def test_an_edit_changes_what_is_embedded_and_keeps_what_the_original_says(
    database: Database, embedding: EmbeddingModel, document_id: str, add_version: AddVersion, user_id: str
) -> None:
    (id_,) = add_version([FEE])
    job = edit_chunk(database, embedding, document_id, id_, user_id, text=" The fee is 120 yuan.\r\n")
    with database.reading() as session:
        row, queued = session.get_one(ChunkRow, id_), session.get_one(Job, job.id)
    assert (row.text, row.edited_text) == (FEE, "The fee is 120 yuan.")
    assert row.content_hash == hashlib.sha256(b"Rules\nThe fee is 120 yuan.").hexdigest()
    assert (queued.kind, queued.target_id) == (JobKind.REINDEX_DOCUMENT, document_id)


def test_edits_survive_reading_the_file_anew(
    database: Database, embedding: EmbeddingModel, document_id: str, add_version: AddVersion, user_id: str
) -> None:
    first = add_version([FEE, "Nonsense from a page header", "Open from 8 to 22."])
    edit_chunk(database, embedding, document_id, first[0], user_id, text="The fee is 120 yuan.")
    edit_chunk(database, embedding, document_id, first[1], user_id, is_enabled=False)
    second = add_version(["A new preface.", "Nonsense from a page header", FEE])
    assert shown(database, second) == [(None, True), (None, False), ("The fee is 120 yuan.", True)]


def test_of_equal_passages_only_the_edited_one_is_changed(
    database: Database, embedding: EmbeddingModel, document_id: str, add_version: AddVersion, user_id: str
) -> None:
    first = add_version([FEE, "between", FEE])
    edit_chunk(database, embedding, document_id, first[2], user_id, is_enabled=False)
    assert shown(database, first) == [(None, True), (None, True), (None, False)]
    assert shown(database, add_version([FEE, FEE])) == [(None, True), (None, False)]


def test_switching_off_and_editing_do_not_undo_each_other(
    database: Database, embedding: EmbeddingModel, document_id: str, add_version: AddVersion, user_id: str
) -> None:
    (id_,) = add_version([FEE])
    edit_chunk(database, embedding, document_id, id_, user_id, text="Better.")
    edit_chunk(database, embedding, document_id, id_, user_id, is_enabled=False)
    assert shown(database, [id_]) == [("Better.", False)]
    edit_chunk(database, embedding, document_id, id_, user_id, is_enabled=True)
    assert shown(database, [id_]) == [("Better.", True)]


@pytest.mark.parametrize("way", ["undo", "the original's text"])
def test_an_edit_taken_back_leaves_nothing_behind(
    database: Database, embedding: EmbeddingModel, document_id: str, add_version: AddVersion, user_id: str, way: str
) -> None:
    (id_,) = add_version([FEE])
    with database.reading() as session:
        before = session.get_one(ChunkRow, id_).content_hash
    edit_chunk(database, embedding, document_id, id_, user_id, text="Better.")
    if way == "undo":
        undo_edit(database, document_id, id_)
    else:
        edit_chunk(database, embedding, document_id, id_, user_id, text=FEE)
    assert shown(database, [id_]) == [(None, True)]
    with database.reading() as session:
        assert session.get_one(ChunkRow, id_).content_hash == before
        assert session.scalars(select(ChunkEdit)).all() == []


def test_an_edit_taken_back_while_the_file_is_read_anew_is_taken_back_there_too(
    database: Database, embedding: EmbeddingModel, document_id: str, add_version: AddVersion, user_id: str
) -> None:
    (old,) = add_version([FEE])
    edit_chunk(database, embedding, document_id, old, user_id, text="Better.")
    (new,) = add_version([FEE], is_current=False)
    undo_edit(database, document_id, old)
    with database.writing() as session:
        apply_edits(session, document_id, [session.get_one(ChunkRow, new)])
    assert shown(database, [new]) == [(None, True)]


def test_a_passage_cannot_be_empty_or_longer_than_the_model_reads(
    database: Database, embedding: EmbeddingModel, document_id: str, add_version: AddVersion, user_id: str
) -> None:
    (id_,) = add_version([FEE])
    with pytest.raises(InvalidInput, match="Switch it off"):
        edit_chunk(database, embedding, document_id, id_, user_id, text=" \n")
    with pytest.raises(PassageTooLong, match="at most 20"):
        edit_chunk(database, embedding, document_id, id_, user_id, text="一" * 20)  # 20, and the title's
    edit_chunk(database, embedding, document_id, id_, user_id, text="一" * 19)


def test_a_passage_of_another_document_or_of_no_current_version_is_not_found(
    database: Database, embedding: EmbeddingModel, document_id: str, add_version: AddVersion, user_id: str
) -> None:
    (old,) = add_version([FEE])
    (current,) = add_version([FEE])
    for document, chunk in ((document_id, old), (new_id(), current), (document_id, new_id())):
        with pytest.raises(NotFound):
            edit_chunk(database, embedding, document, chunk, user_id, text="Better.")


def test_an_edit_whose_passage_is_gone_is_kept_shown_and_can_be_discarded(
    database: Database, embedding: EmbeddingModel, document_id: str, add_version: AddVersion, user_id: str
) -> None:
    (id_,) = add_version([FEE])
    edit_chunk(database, embedding, document_id, id_, user_id, text="The fee is 120 yuan.")
    with database.reading() as session:
        edit_id = session.get_one(ChunkRow, id_).edit_id
        assert unused_edits(session, document_id) == []
    assert edit_id is not None
    with pytest.raises(Conflict):
        discard_unused_edit(database, document_id, edit_id)
    add_version(["The fee is 110 yuan."])
    with database.reading() as session:
        (unused,) = unused_edits(session, document_id)
    assert (unused.original_text, unused.text, unused.edited_by) == (
        FEE,
        "The fee is 120 yuan.",
        "secretary@example.edu",
    )
    discard_unused_edit(database, document_id, edit_id)
    with database.reading() as session:
        assert unused_edits(session, document_id) == []


def test_edits_in_a_row_wait_for_one_job_and_one_that_already_runs_is_not_relied_on(
    database: Database, embedding: EmbeddingModel, document_id: str, add_version: AddVersion, user_id: str
) -> None:
    (id_,) = add_version([FEE])
    first = edit_chunk(database, embedding, document_id, id_, user_id, text="One.")
    assert edit_chunk(database, embedding, document_id, id_, user_id, text="Two.").id == first.id
    with database.writing() as session:
        session.get_one(Job, first.id).state = JobState.RUNNING  # it may have read the passages before the next edit
    assert edit_chunk(database, embedding, document_id, id_, user_id, text="Three.").id != first.id
