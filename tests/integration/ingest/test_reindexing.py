"""The index follows what SQL says of a document, whoever else writes at the same time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import ingest.reindexing
from benchmarks.workplace import Workplace
from ingest.verification import verify
from kb_platform.database.tables import ChunkRow, Document, JobKind, JobState
from kb_platform.documents import QueuedJob
from kb_platform.embedding import EmbeddingModel
from kb_platform.jobs import add_job

TEXT = "# 图书馆\n\n每位学生最多可借三十册图书。"


@pytest.fixture
def place(tmp_path: Path, index_url: str, embedding: EmbeddingModel) -> Iterator[Workplace]:
    made = Workplace(tmp_path, index_url, embedding)
    yield made
    made.close()


def edit(place: Workplace, version_id: str, text: str) -> None:
    with place.services.database.writing() as session:
        for row in session.scalars(select(ChunkRow).where(ChunkRow.version_id == version_id)):
            row.edited_text = text
            row.content_hash = hashlib.sha256(row.embedding_text.encode()).hexdigest()


def reindex(place: Workplace, document_id: str) -> JobState:
    with place.services.database.writing() as session:
        job = add_job(session, JobKind.REINDEX_DOCUMENT, document_id)
    return JobState(place.run(QueuedJob(job.id, job.priority)).state)


def test_edited_words_take_the_place_of_the_old_ones(place: Workplace) -> None:
    added = place.add(TEXT)
    place.run(added.job)
    edit(place, added.version_id, "宿舍晚上十一点熄灯。")
    assert verify(place.services).incorrect_documents == (added.document_id,)
    assert reindex(place, added.document_id) == JobState.SUCCEEDED
    assert not verify(place.services)


def test_words_edited_while_the_index_follows_are_not_overtaken(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = place.add(TEXT)
    place.run(added.job)
    edit(place, added.version_id, "第一次修改。")
    real = ingest.reindexing.index_passages
    edited_again: list[bool] = []

    def edit_then_index(*arguments: Any, **named: Any) -> None:
        if not edited_again:  # a second editor, after this job read the first one's words and before it writes them
            edited_again.append(True)
            edit(place, added.version_id, "第二次修改。")
        real(*arguments, **named)

    monkeypatch.setattr(ingest.reindexing, "index_passages", edit_then_index)
    assert reindex(place, added.document_id) == JobState.SUCCEEDED
    assert not verify(place.services)


def test_a_document_that_is_gone_leaves_no_points(place: Workplace) -> None:
    added = place.add(TEXT)
    place.run(added.job)
    with place.services.database.writing() as session:
        session.delete(session.get_one(Document, added.document_id))
    assert reindex(place, added.document_id) == JobState.SUCCEEDED
    assert place.services.index.count() == 0
