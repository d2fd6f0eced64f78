"""Each step of each job fails once, before and after it did its work, and the outcome has to be that of a clean run.

The steps are not listed by hand: a clean run records every call that a job makes to the database, the file store, the
index, the parser and the embedding model, in order; then the same job runs once for each of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import select

import ingest.pipeline
from benchmarks.workplace import CountingEmbedding, Workplace
from ingest.verification import repair, verify
from kb_platform import document_changes
from kb_platform.database.engine import Database
from kb_platform.database.tables import ChunkRow, Document, DocumentVersion, Job, JobState, KnowledgeBase
from kb_platform.documents import QueuedJob
from kb_platform.domain.document import ParsedDocument
from kb_platform.domain.errors import IndexUnavailable
from kb_platform.embedding import EmbeddingModel
from kb_platform.files import FileStore
from kb_platform.index import VectorIndex

WATCHED: tuple[tuple[object, str], ...] = (
    (ingest.pipeline, "parse_file"),
    (ingest.pipeline, "split_into_chunks"),
    (FileStore, "put"),
    (Database, "writing"),
    (VectorIndex, "points"),
    (VectorIndex, "vectors"),
    (CountingEmbedding, "embed_passages"),
    (VectorIndex, "upsert"),
    (VectorIndex, "publish"),
    (VectorIndex, "move_document"),
    (VectorIndex, "delete"),
    (VectorIndex, "delete_version"),
    (VectorIndex, "delete_document"),
    (VectorIndex, "delete_knowledge_base"),
)
MOST_TRIES = 4
OLD = "# 规定\n\n## 旧\n\n旧的规定：申请截止日期为三月一日。\n\n## 不变\n\n图书馆每天早上八点开门。"
NEW = OLD.replace("旧的规定：申请截止日期为三月一日", "新的规定：申请截止日期为五月十五日")

Prepare = Callable[[Workplace], QueuedJob]
"""Brings a workplace to where the job is queued that is to be tried."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What was tried: the `number`-th watched call of the operation's job, and how it failed."""

    operation: str
    number: int
    step: str
    is_after: bool


@dataclass(frozen=True, slots=True)
class Tried:
    fault: Fault
    problem: str
    """Empty when the outcome was that of a clean run."""


class _Armed(RuntimeError):
    """The fault that is let loose."""


def _ingest(place: Workplace) -> QueuedJob:
    return _queued(place.add(NEW).job)


def _replace(place: Workplace) -> QueuedJob:
    place.run(place.add(OLD).job)
    return _queued(place.add(NEW).job)


def _reread(place: Workplace) -> QueuedJob:
    added = place.add(NEW)
    place.run(added.job)
    return document_changes.reread_document(place.services.database, added.document_id, place.user_id)


def _delete(place: Workplace) -> QueuedJob:
    added = place.add(NEW)
    place.run(added.job)
    return document_changes.delete_document(place.services.database, added.document_id)


def _delete_knowledge_base(place: Workplace) -> QueuedJob:
    place.run(place.add(NEW).job)
    place.run(place.add(OLD, name="zwei.md").job)
    return document_changes.delete_knowledge_base(place.services.database, place.knowledge_base_id)


def _move(place: Workplace) -> QueuedJob:
    added = place.add(NEW)
    place.run(added.job)
    with place.services.database.writing() as session:
        other = KnowledgeBase(name="other", created_by=place.user_id)
        session.add(other)
        session.flush()
        other_id = other.id
    jobs = document_changes.change_document(place.services.database, added.document_id, knowledge_base_id=other_id)
    return jobs[0]


OPERATIONS: dict[str, Prepare] = {
    "ingest": _ingest,
    "replace": _replace,
    "reread": _reread,
    "move": _move,
    "delete_document": _delete,
    "delete_knowledge_base": _delete_knowledge_base,
}


def try_faults(operation: str, index_url: str, embedding: EmbeddingModel) -> Iterator[Tried]:
    """Let each step of one operation fail in turn, and yield what came of it."""
    prepare = OPERATIONS[operation]
    with tempfile.TemporaryDirectory() as folder, _parsing_once():
        place = Workplace(Path(folder), index_url, embedding)
        try:
            job = prepare(place)
            with _watching() as calls:
                place.run(job)
            clean = _outcome(place)
            for number, step in enumerate(calls):
                for is_after, error in ((False, _Armed("disk")), (True, IndexUnavailable("away"))):
                    place.begin_anew()
                    fault = Fault(operation, number, step, is_after)
                    yield Tried(fault, _try(place, prepare(place), fault, error, clean))
        finally:
            place.close()


def _try(place: Workplace, job: QueuedJob, fault: Fault, error: Exception, clean: object) -> str:
    with _watching(fault.number, fault.is_after, error) as calls:
        for _ in range(MOST_TRIES):
            _run_until_given_up(place, job)
            with place.services.database.reading() as session:
                state = session.get_one(Job, job.id).state
            if state not in (JobState.QUEUED, JobState.RUNNING):
                break
    if len(calls) <= fault.number:
        return "the step was never reached"
    if state != JobState.SUCCEEDED:
        return f"the job ended as {state}"
    found = verify(place.services)
    if found.incorrect_documents or found.missing_files:
        return f"index and database disagree: {found}"
    repair(found, place.services)  # points that nothing refers to: found by nobody, and the reconciler's to remove
    if left := verify(place.services):
        return f"the reconciler left {left}"
    outcome = _outcome(place)
    return "" if outcome == clean else f"{outcome} is not {clean}"


def _run_until_given_up(place: Workplace, job: QueuedJob) -> None:
    """Run the job; a worker that broke before it could say so lost its lease, as a killed one does."""
    try:
        place.run(job)
    except (_Armed, IndexUnavailable):
        with place.services.database.writing() as session:
            row = session.get_one(Job, job.id)
            if row.state == JobState.RUNNING:
                row.lease_expires_at = row.created_at


def _outcome(place: Workplace) -> list[tuple[str, int, list[tuple[int, str, bool]], int]]:
    """Return what there is for readers: documents, their current version's passages, and how many points they have."""
    outcome = []
    with place.services.database.reading() as session:
        for document in session.scalars(select(Document).order_by(Document.name)):
            version_id = document.current_version_id or ""
            number = session.get_one(DocumentVersion, version_id).number if version_id else 0
            rows = session.scalars(select(ChunkRow).where(ChunkRow.version_id == version_id).order_by(ChunkRow.ordinal))
            passages = [(row.ordinal, row.text, row.is_enabled) for row in rows]
            outcome.append((document.name, number, passages, place.services.index.count(version_id)))
    return outcome


@contextmanager
def _watching(fail_at: int = -1, is_after: bool = False, error: Exception | None = None) -> Iterator[list[str]]:
    """Record the watched calls; let the one with the number `fail_at` fail."""
    calls: list[str] = []

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            number = len(calls)
            calls.append(name)
            if number != fail_at or error is None:
                return real(*arguments, **named)
            if name == "writing":
                return _failing_transaction(real(*arguments, **named), is_after, error)
            if is_after:
                made = real(*arguments, **named)
                if name == "points":
                    list(made)
            raise error

        return call

    patches = [patch.object(owner, name, watched(name, getattr(owner, name))) for owner, name in WATCHED]
    for one in patches:
        one.start()
    try:
        yield calls
    finally:
        for one in patches:
            one.stop()


@contextmanager
def _failing_transaction(transaction: Any, is_after: bool, error: Exception) -> Iterator[Any]:
    """A transaction whose commit fails: everything in it undone, or, `is_after`, everything done and nobody told."""
    if is_after:
        with transaction as session:
            yield session
        raise error
    with transaction as session:
        yield session
        raise error


@contextmanager
def _parsing_once() -> Iterator[None]:
    """Let each text be parsed in the sandbox the first time only: its half second, hundreds of times, tests nothing."""
    real: Callable[..., ParsedDocument] = getattr(ingest.pipeline, "parse_file")  # noqa: B009
    parsed: dict[str, ParsedDocument] = {}

    def parse(path: Path, *arguments: Any, **named: Any) -> ParsedDocument:
        if path.name not in parsed:
            parsed[path.name] = real(path, *arguments, **named)
        return parsed[path.name]

    with patch.object(ingest.pipeline, "parse_file", parse):
        yield


def _queued(job: QueuedJob | None) -> QueuedJob:
    assert job is not None
    return job
