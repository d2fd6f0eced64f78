"""From a stored file to passages that are found: whole, once, and in one step, whatever breaks on the way."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

import ingest.pipeline
from benchmarks.workplace import Workplace
from kb_platform import document_changes, documents
from kb_platform.database.tables import (
    Document,
    DocumentVersion,
    JobState,
    KnowledgeBase,
    VersionState,
)
from kb_platform.index import VectorIndex

RULES = "\n\n".join(
    f"## 第{number}章 {title}\n\n" + " ".join(f"第{number}.{item}条 {text}" for item in range(1, 6))
    for number, (title, text) in enumerate(
        [
            ("转专业", "学生申请转专业须平均学分绩点不低于三点零，并在五月十五日前提交申请。"),
            ("宿舍", "宿舍晚上十一点熄灯，访客须在十点前离开并在门口登记。"),
            ("图书馆", "每位学生最多可借三十册图书，借期为六十天，可续借一次。"),
            ("奖学金", "国家奖学金每年评审一次，由学院推荐，金额为八千元。"),
        ],
        start=1,
    )
)


def test_a_file_becomes_passages_that_are_found(workplace: Workplace) -> None:
    added = workplace.add(RULES)
    assert workplace.run(added.job).state == JobState.SUCCEEDED
    version = workplace.version(added.version_id)
    assert version.state == VersionState.READY
    assert version.chunks_done == version.chunks_total == len(workplace.chunks(version.id)) > 0
    assert workplace.services.index.count(version.id) == version.chunks_total
    assert "八千元" in workplace.found("国家奖学金的金额是多少？")[0]


def test_the_old_version_answers_until_the_new_one_takes_its_place(workplace: Workplace) -> None:
    first = workplace.add(RULES)
    workplace.run(first.job)
    second = workplace.add(RULES.replace("八千元", "一万元"))
    assert "八千元" in workplace.found("国家奖学金的金额是多少？")[0]
    workplace.run(second.job)
    assert "一万元" in workplace.found("国家奖学金的金额是多少？")[0]
    assert not any("八千元" in text for text in workplace.found("国家奖学金的金额是多少？"))
    assert workplace.version(first.version_id).state == VersionState.SUPERSEDED
    assert workplace.services.index.count(first.version_id) == 0


def test_unchanged_passages_are_not_embedded_again(workplace: Workplace) -> None:
    long = "\n\n".join(f"## 第{number}节\n\n" + f"第{number}节的规定内容各不相同。" * 40 for number in range(12))
    workplace.run(workplace.add(long).job)
    before = workplace.counting.passages
    workplace.run(workplace.add(long.replace("第7节的规定内容各不相同。", "第7节已经修改。", 1)).job)
    assert before >= 12
    assert workplace.counting.passages - before <= 2


def test_a_file_that_cannot_be_read_fails_with_its_reason_and_is_not_tried_again(workplace: Workplace) -> None:
    added = workplace.add("\x00\x01\x02", name="broken.pdf")
    job = workplace.run(added.job)
    version = workplace.version(added.version_id)
    assert (job.state, version.state) == (JobState.FAILED, VersionState.FAILED)
    assert version.error_code
    assert len(version.error_message) > 10


def test_a_fault_that_stays_ends_as_a_failure_with_its_words(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("no space left on device")

    monkeypatch.setattr(ingest.pipeline, "split_into_chunks", always)
    added = workplace.add(RULES)
    attempts = workplace.services.settings.queue.max_attempts
    states = [workplace.run(added.job).state for _ in range(attempts)]
    assert states == [JobState.QUEUED] * (attempts - 1) + [JobState.FAILED]
    assert "no space left on device" in workplace.version(added.version_id).error_message


def test_a_document_deleted_while_it_is_read_leaves_nothing(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = workplace.add(RULES)
    upsert = VectorIndex.upsert
    deletion: list[documents.QueuedJob] = []

    def delete_then_upsert(index: VectorIndex, *arguments: Any, **named: Any) -> None:
        deletion.append(document_changes.delete_document(workplace.services.database, added.document_id))
        upsert(index, *arguments, **named)

    monkeypatch.setattr(VectorIndex, "upsert", delete_then_upsert)
    assert workplace.run(added.job).state == JobState.CANCELLED
    assert workplace.services.index.count(added.version_id) == 0
    assert workplace.run(deletion[0]).state == JobState.SUCCEEDED
    with workplace.services.database.reading() as session:
        assert session.get(Document, added.document_id) is None
        assert session.get(DocumentVersion, added.version_id) is None


def test_deleting_a_knowledge_base_removes_its_points_rows_and_documents(workplace: Workplace) -> None:
    added = workplace.add(RULES)
    workplace.run(added.job)
    job = workplace.run(
        document_changes.delete_knowledge_base(workplace.services.database, workplace.knowledge_base_id)
    )
    assert job.state == JobState.SUCCEEDED
    assert workplace.services.index.count() == 0
    with workplace.services.database.reading() as session:
        assert session.scalars(select(Document)).all() == []
        assert session.get(KnowledgeBase, workplace.knowledge_base_id) is None
