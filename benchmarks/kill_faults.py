"""kill -9 at random moments while a hundred files are being read: nothing lost, nothing doubled, all of it ended.

The platform is a real one (`kb up`); what is killed are its own processes: a pool child of the worker, the whole
worker, the queue, the embedded index. What a clean run makes of each file is reckoned beforehand from the parser and
the chunking alone, which take no part in the killing.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import select

from benchmarks.figures import progress
from benchmarks.platform import Platform, children_of, make_knowledge_base, process_of, upload
from ingest.chunking import split_into_chunks
from ingest.sandbox import parse_file
from ingest.services import IngestServices
from ingest.verification import verify
from kb_platform.database.tables import ChunkRow, Document, DocumentVersion, Job, JobState, VersionState
from kb_platform.embedding import EmbeddingModel
from kb_platform.settings import IngestSettings

FILES_IN_WORK = 100
BATCH = 20
PAUSE_SECONDS = (0.5, 8.0)
"""Between the moment when all is up again and the next kill: a process needs a few seconds to load its model, and is to
be hit then, too, but not only then."""
UP_SECONDS = 120.0
END_SECONDS = 900.0
WORDS = tuple(
    "申请 学生 教师 课程 学分 成绩 宿舍 图书馆 奖学金 实验室 安全 规定 办法 通知 审批 材料 截止 日期 学院 部门 负责 "  # noqa: SIM905
    "application student teacher course credit grade dormitory library scholarship laboratory safety rule".split()
)

Chunks = list[tuple[int, str]]
"""(ordinal, text) of a document's passages."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one series of kills left behind."""

    victim: str
    kills: int
    files: int
    lost: int
    """Files that are not ready."""
    doubled: int
    """Passages or points more than a clean run makes."""
    missing: int
    """Passages or points that a clean run makes and that are not there."""
    recovery_s: float
    """From the last kill until the last job had ended."""


def make_file(number: int, seed: int) -> str:
    """Return a Markdown file of a few sections whose words are like no other's."""
    dice = random.Random(f"{seed}/{number}")
    sections = []
    for section in range(dice.randint(1, 6)):
        sentences = [
            f"第{number}-{section}-{index}条 "
            + "".join(dice.choice(WORDS) + " " for _ in range(dice.randint(6, 14)))
            + "。"
            for index in range(dice.randint(8, 20))
        ]
        sections.append(f"## Section {number}.{section}\n\n" + "".join(sentences))
    return f"# File {number} of series {seed}\n\n" + "\n\n".join(sections)


def expected_chunks(path: Path, embedding: EmbeddingModel, settings: IngestSettings) -> Chunks:
    """Return what a clean run makes of a file."""
    chunks = split_into_chunks(parse_file(path, path.name, settings), embedding, settings)
    return [(chunk.ordinal, chunk.text) for chunk in chunks]


def kill_while_reading(
    platform: Platform,
    services: IngestServices,
    victim: str,
    find: Callable[[], Sequence[int]],
    kills: int,
    folder: Path,
    seed: int,
    files_in_work: int = FILES_IN_WORK,
) -> Outcome:
    """Kill the victim's processes (one of them a time) while files are read, then let all end, and compare."""
    dice = random.Random(f"{victim}/{seed}")
    knowledge_base_id = make_knowledge_base(platform.client, f"{victim} {seed}")
    expected: dict[str, Chunks] = {}
    killed = 0
    deadline = time.monotonic() + UP_SECONDS
    while killed < kills:
        _top_up(platform, services, knowledge_base_id, folder, seed, expected, files_in_work)
        pids = find()
        if not pids:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{victim} did not come back within {UP_SECONDS:.0f} s")
            time.sleep(0.2)
            continue
        time.sleep(dice.uniform(*PAUSE_SECONDS))
        with contextlib.suppress(ProcessLookupError):
            os.kill(dice.choice(list(pids)), signal.SIGKILL)
            killed += 1
            deadline = time.monotonic() + UP_SECONDS
            if killed % 5 == 0 or killed == kills:
                progress(f"{victim}: {killed} of {kills} kills, {len(expected)} files sent")
    last_kill = time.monotonic()
    while _unfinished(services, knowledge_base_id) and time.monotonic() < last_kill + END_SECONDS:
        time.sleep(0.5)
    recovery = time.monotonic() - last_kill
    _wait_for_deletions(services)
    return _compare(victim, kills, recovery, expected, knowledge_base_id, services)


def pick(victim: str, platform: Platform) -> Callable[[], Sequence[int]]:
    """Return what finds the processes of a victim: `pool child` (of the worker), or a process's name. While it is not
    ready again, there are none."""
    if victim == "pool child":
        return lambda: [child for worker in process_of(platform, "worker") for child in children_of(worker)]
    return lambda: process_of(platform, victim)


def _top_up(
    platform: Platform,
    services: IngestServices,
    knowledge_base_id: str,
    folder: Path,
    seed: int,
    expected: dict[str, Chunks],
    files_in_work: int,
) -> None:
    """Keep at least so many files waiting or being read."""
    while _unfinished(services, knowledge_base_id) < files_in_work:
        paths = []
        for number in range(len(expected), len(expected) + BATCH):
            path = folder / f"file-{seed}-{number}.md"
            path.write_text(make_file(number, seed))
            expected[path.name] = expected_chunks(path, services.embedding, services.settings.ingest)
            paths.append(path)
        _send(platform, knowledge_base_id, paths)


def _send(platform: Platform, knowledge_base_id: str, paths: list[Path]) -> None:
    """Upload; what did not go through because something was just being killed is sent again, as a person would."""
    for attempt in range(10):
        try:
            result = upload(platform.client, knowledge_base_id, paths)
        except httpx.HTTPError:
            if attempt == 9:
                raise
            time.sleep(1)
            continue
        if result["rejected"]:
            raise RuntimeError(f"an upload was rejected: {result['rejected']}")
        return


def _unfinished(services: IngestServices, knowledge_base_id: str) -> int:
    with services.database.reading() as session:
        return len(
            session.scalars(
                select(Job.id)
                .join(DocumentVersion, DocumentVersion.id == Job.target_id)
                .join(Document, Document.id == DocumentVersion.document_id)
                .where(
                    Document.knowledge_base_id == knowledge_base_id,
                    Job.state.in_([JobState.QUEUED, JobState.RUNNING]),
                )
            ).all()
        )


def _wait_for_deletions(services: IngestServices) -> None:
    """Wait until no job at all is unfinished, so that nothing writes while it is compared."""
    for _ in range(120):
        with services.database.reading() as session:
            left = session.scalars(select(Job.id).where(Job.state.in_([JobState.QUEUED, JobState.RUNNING]))).all()
        if not left:
            return
        time.sleep(1)


def _compare(
    victim: str,
    kills: int,
    recovery: float,
    expected: dict[str, Chunks],
    knowledge_base_id: str,
    services: IngestServices,
) -> Outcome:
    lost = doubled = missing = 0
    points = Counter(point.version_id for point in services.index.points() if point.is_published)
    with services.database.reading() as session:
        documents = {
            document.name: document
            for document in session.scalars(select(Document).where(Document.knowledge_base_id == knowledge_base_id))
        }
        for name, wanted in expected.items():
            document = documents.pop(name, None)
            version = session.get(DocumentVersion, document.current_version_id or "") if document else None
            if version is None or version.state != VersionState.READY:
                progress(f"{victim}: {name} is not ready")
                lost += 1
                missing += len(wanted)
                continue
            rows = session.execute(select(ChunkRow.ordinal, ChunkRow.text).where(ChunkRow.version_id == version.id))
            have = Counter((row.ordinal, row.text) for row in rows)
            difference = have - Counter(wanted), Counter(wanted) - have
            doubled += difference[0].total() + max(0, points[version.id] - len(wanted))
            missing += difference[1].total() + max(0, len(wanted) - points[version.id])
        doubled += len(documents)  # a document that nobody uploaded
    disagreements = verify(services)
    missing += len(disagreements.incorrect_documents) + len(disagreements.missing_files)
    doubled += len(disagreements.orphan_points)
    if doubled or missing:
        progress(f"{victim}: {doubled} doubled, {missing} missing; {disagreements}")
    return Outcome(victim, kills, len(expected), lost, doubled, missing, recovery)
