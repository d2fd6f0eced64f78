"""The index follows what SQL says of a document, whoever else writes at the same time."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import select

import ingest.reindexing
from benchmarks.workplace import Workplace
from ingest.verification import verify
from kb_platform.database.tables import ChunkRow, Document, JobKind, JobState
from kb_platform.documents import QueuedJob
from kb_platform.jobs import add_job

TEXT = "# 图书馆\n\n每位学生最多可借三十册图书。"


def edit(workplace: Workplace, version_id: str, text: str) -> None:
    with workplace.services.database.writing() as session:
        for row in session.scalars(select(ChunkRow).where(ChunkRow.version_id == version_id)):
            row.edited_text = text
            row.content_hash = hashlib.sha256(row.embedding_text.encode()).hexdigest()


def reindex(workplace: Workplace, document_id: str) -> JobState:
    with workplace.services.database.writing() as session:
        job = add_job(session, JobKind.REINDEX_DOCUMENT, document_id)
    return JobState(workplace.run(QueuedJob(job.id, job.priority)).state)


def test_edited_words_take_the_place_of_the_old_ones(workplace: Workplace) -> None:
    added = workplace.add(TEXT)
    workplace.run(added.job)
    edit(workplace, added.version_id, "宿舍晚上十一点熄灯。")
    assert verify(workplace.services).incorrect_documents == (added.document_id,)
    assert reindex(workplace, added.document_id) == JobState.SUCCEEDED
    assert not verify(workplace.services)


def test_words_edited_while_the_index_follows_are_not_overtaken(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = workplace.add(TEXT)
    workplace.run(added.job)
    edit(workplace, added.version_id, "第一次修改。")
    real = ingest.reindexing.index_passages
    edited_again: list[bool] = []

    def edit_then_index(*arguments: Any, **named: Any) -> None:
        if not edited_again:  # a second editor, after this job read the first one's words and before it writes them
            edited_again.append(True)
            edit(workplace, added.version_id, "第二次修改。")
        real(*arguments, **named)

    monkeypatch.setattr(ingest.reindexing, "index_passages", edit_then_index)
    assert reindex(workplace, added.document_id) == JobState.SUCCEEDED
    assert not verify(workplace.services)


def test_a_document_that_is_gone_leaves_no_points(workplace: Workplace) -> None:
    added = workplace.add(TEXT)
    workplace.run(added.job)
    with workplace.services.database.writing() as session:
        session.delete(session.get_one(Document, added.document_id))
    assert reindex(workplace, added.document_id) == JobState.SUCCEEDED
    assert workplace.services.index.count() == 0
