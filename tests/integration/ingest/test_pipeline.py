"""From a stored file to passages that are found: whole, once, and in one step, whatever breaks on the way."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select

import ingest.pipeline
import workers.tasks
from ingest.pipeline import IngestServices
from kb_platform import documents
from kb_platform.database.engine import Database, make_engine
from kb_platform.database.tables import (
    Base,
    ChunkRow,
    Document,
    DocumentVersion,
    Job,
    JobState,
    KnowledgeBase,
    User,
    VersionState,
)
from kb_platform.domain.access import AccessScope
from kb_platform.domain.errors import IndexUnavailable
from kb_platform.embedding import EmbeddingModel
from kb_platform.files import FileStore
from kb_platform.index import VectorIndex
from kb_platform.retrieval import Retriever
from kb_platform.settings import IndexSettings, Settings

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


class CountingEmbedding:
    """The real model, counting the passages that it embeds."""

    def __init__(self, model: EmbeddingModel) -> None:
        self._model = model
        self.passages = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.passages += len(texts)
        return self._model.embed_passages(texts)


class Workplace:
    """One knowledge base on a database, file store and collection of its own."""

    def __init__(self, folder: Path, index_url: str, embedding: EmbeddingModel) -> None:
        settings = Settings(data_dir=folder)
        database = Database(make_engine(settings.database_url))
        Base.metadata.create_all(database.engine)
        index_settings = IndexSettings(url=index_url, collection_prefix=f"test-{uuid.uuid4().hex[:8]}")
        index = VectorIndex(index_settings, embedding.name, embedding.dimension)
        index.ensure_collection()
        self.counting = CountingEmbedding(embedding)
        self.services = IngestServices(
            database,
            FileStore(folder / "files"),
            self.counting,  # type: ignore[arg-type]
            index,
            settings,
        )
        self.retriever = Retriever(database, index, embedding, settings.retrieval)
        with database.writing() as session:
            user = User(email="a@example.edu", password_hash="-")
            session.add(user)
            session.flush()
            base = KnowledgeBase(name="规定", created_by=user.id)
            session.add(base)
            session.flush()
            self.user_id, self.knowledge_base_id = user.id, base.id

    def add(self, content: str, name: str = "规定.md") -> documents.AddedDocument:
        return documents.add_document(
            self.services.database, self.services.files, self.knowledge_base_id, name, [content.encode()], self.user_id
        )

    def run(self, job: documents.QueuedJob | None) -> Job:
        """Do the job as a worker would, and return it as it stands then."""
        assert job is not None
        workers.tasks.run_job(job.id)
        with self.services.database.reading() as session:
            return session.get_one(Job, job.id)

    def version(self, version_id: str) -> DocumentVersion:
        with self.services.database.reading() as session:
            return session.get_one(DocumentVersion, version_id)

    def found(self, query: str) -> list[str]:
        scope = AccessScope(self.user_id, frozenset({self.knowledge_base_id}))
        return [hit.text for hit in self.retriever.search(query, scope).hits]

    def chunks(self, version_id: str) -> list[tuple[int, str]]:
        with self.services.database.reading() as session:
            rows = session.scalars(select(ChunkRow).where(ChunkRow.version_id == version_id).order_by(ChunkRow.ordinal))
            return [(row.ordinal, row.text) for row in rows]


@pytest.fixture
def workplace(
    tmp_path: Path, index_url: str, embedding: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workplace]:
    made = Workplace(tmp_path, index_url, embedding)
    monkeypatch.setattr(workers.tasks, "services", lambda: made.services)
    yield made
    made.services.index.close()
    made.services.database.close()


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


STEPS: list[tuple[object, str]] = [
    (ingest.pipeline, "parse_file"),
    (ingest.pipeline, "split_into_chunks"),
    (FileStore, "put"),
    (VectorIndex, "vectors"),
    (CountingEmbedding, "embed_passages"),
    (VectorIndex, "upsert"),
    (VectorIndex, "publish"),
    (ingest.pipeline, "_publish"),
    (VectorIndex, "delete_version"),
]


@pytest.mark.parametrize(("owner", "step"), STEPS, ids=[step for _, step in STEPS])
@pytest.mark.parametrize(
    ("after", "fault"),
    [(False, RuntimeError("disk")), (True, IndexUnavailable("away"))],
    ids=["before-it-did-anything", "after-it-did-everything"],
)
def test_a_step_that_fails_is_done_again_and_the_outcome_is_that_of_a_clean_run(
    workplace: Workplace,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    step: str,
    fault: Exception,
    after: bool,
) -> None:
    workplace.run(workplace.add("## 旧\n\n旧的规定。").job)
    replaced = workplace.add(RULES)
    fail_once(monkeypatch, owner, step, fault, after)
    job = workplace.run(replaced.job)
    for _ in range(3):
        if job.state != JobState.QUEUED:
            break
        job = workplace.run(replaced.job)
    assert job.state == JobState.SUCCEEDED
    clean = workplace.add(RULES, name="clean.md")
    workplace.run(clean.job)
    texts = workplace.chunks(replaced.version_id)
    assert texts == workplace.chunks(clean.version_id)
    assert workplace.services.index.count(replaced.version_id) == len(texts)
    with workplace.services.database.reading() as session:
        document = session.get_one(Document, replaced.document_id)
    assert document.current_version_id == replaced.version_id
    assert not any("旧的规定" in text for text in workplace.found("旧的规定"))


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
        deletion.append(documents.delete_document(workplace.services.database, added.document_id))
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
    job = workplace.run(documents.delete_knowledge_base(workplace.services.database, workplace.knowledge_base_id))
    assert job.state == JobState.SUCCEEDED
    assert workplace.services.index.count() == 0
    with workplace.services.database.reading() as session:
        assert session.scalars(select(Document)).all() == []
        assert session.get(KnowledgeBase, workplace.knowledge_base_id) is None


def fail_once(monkeypatch: pytest.MonkeyPatch, owner: object, step: str, fault: Exception, after: bool) -> None:
    """Let the next call of the step raise `fault`, before it does anything or after it did everything."""
    real: Callable[..., Any] = getattr(owner, step)
    failed = False

    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal failed
        if failed:
            return real(*arguments, **named)
        failed = True
        if after:
            real(*arguments, **named)
        raise fault

    monkeypatch.setattr(owner, step, call)
