"""The job table: what is to be done, who holds it, and for how long.

SQL is the queue's truth. The message that wakes a worker carries only a job's id and may be lost, doubled or late:
a worker does nothing without the lease, and the reaper sends what was forgotten again.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from kb_platform.database.engine import Database
from kb_platform.database.tables import Job, JobKind, JobState, now

logger = logging.getLogger(__name__)

TASK_NAME = "workers.run_job"


class LeaseLost(Exception):
    """Another worker holds the job now, or it was cancelled: stop, and write nothing more."""


def add_job(session: Session, kind: JobKind, target_id: str, priority: int = 5) -> Job:
    """Add a queued job to the caller's transaction. Send it (`queue.wake`) after that transaction committed."""
    job = Job(kind=kind, target_id=target_id, priority=priority)
    session.add(job)
    session.flush()
    return job


def take_lease(database: Database, job_id: str, owner: str, lease_seconds: int) -> Job | None:
    """Make `owner` the holder of a queued (or abandoned) job; None when another holds it or it has ended."""
    moment = now()
    with database.writing() as session:
        taken = session.execute(
            update(Job)
            .where(
                Job.id == job_id,
                or_(
                    Job.state == JobState.QUEUED,
                    (Job.state == JobState.RUNNING) & (Job.lease_expires_at < moment),
                ),
            )
            .values(
                state=JobState.RUNNING,
                lease_owner=owner,
                lease_expires_at=moment + timedelta(seconds=lease_seconds),
                attempts=Job.attempts + 1,
                started_at=moment,
            )
        )
        return session.get(Job, job_id) if taken.rowcount else None  # type: ignore[attr-defined]


def keep_lease(database: Database, job_id: str, owner: str, lease_seconds: int) -> None:
    """Heartbeat. Raises LeaseLost when the job is no longer this owner's."""
    with database.writing() as session:
        kept = session.execute(
            update(Job)
            .where(Job.id == job_id, Job.lease_owner == owner, Job.state == JobState.RUNNING)
            .values(lease_expires_at=now() + timedelta(seconds=lease_seconds))
        )
        if not kept.rowcount:  # type: ignore[attr-defined]
            raise LeaseLost(job_id)


def finish(session: Session, job_id: str, owner: str, state: JobState, error: str = "") -> None:
    """End the job in the caller's transaction, together with what it made. Raises LeaseLost."""
    ended = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.lease_owner == owner, Job.state == JobState.RUNNING)
        .values(state=state, last_error=error, finished_at=now(), lease_expires_at=None)
    )
    if not ended.rowcount:  # type: ignore[attr-defined]
        raise LeaseLost(job_id)


def give_back(database: Database, job_id: str, owner: str, error: str, delay_seconds: float, counted: bool) -> None:
    """Queue the job again; it is sent again after the delay. `counted` says whether this was an attempt: one that
    found a part of the platform away was none, however long that lasts."""
    with database.writing() as session:
        session.execute(
            update(Job)
            .where(Job.id == job_id, Job.lease_owner == owner, Job.state == JobState.RUNNING)
            .values(
                state=JobState.QUEUED,
                last_error=error,
                lease_expires_at=None,
                attempts=Job.attempts - (0 if counted else 1),
                sent_at=now() + timedelta(seconds=delay_seconds),
            )
        )


class Lease:
    """A job held by this worker. While open, a thread sends heartbeats; `check` tells the work whether to go on."""

    def __init__(self, database: Database, job_id: str, owner: str, lease_seconds: int) -> None:
        self.job_id = job_id
        self.owner = owner
        self._database = database
        self._seconds = lease_seconds
        self._lost = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{job_id}", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        """Raises LeaseLost when the job was cancelled or given to another worker."""
        if self._lost.is_set():
            raise LeaseLost(self.job_id)

    def finish(self, session: Session, state: JobState, error: str = "") -> None:
        """End the job in the caller's transaction, together with what it made. Raises LeaseLost."""
        finish(session, self.job_id, self.owner, state, error)

    def _beat(self) -> None:
        # A quarter of the lease: three beats may fail (a locked database, a slow disk) before it runs out.
        while not self._ended.wait(self._seconds / 4):
            try:
                keep_lease(self._database, self.job_id, self.owner, self._seconds)
            except LeaseLost:
                self._lost.set()
                return
            except SQLAlchemyError:
                logger.warning("heartbeat of job %s failed; trying again", self.job_id, exc_info=True)


def cancel(session: Session, target_id: str) -> None:
    """Cancel the unfinished jobs of a target in the caller's transaction; a running worker notices at its next
    heartbeat."""
    session.execute(
        update(Job)
        .where(Job.target_id == target_id, Job.state.in_([JobState.QUEUED, JobState.RUNNING]))
        .values(state=JobState.CANCELLED, finished_at=now(), lease_expires_at=None)
    )


def abandoned(database: Database) -> list[str]:
    """Return the running jobs whose lease ran out: their worker died."""
    with database.reading() as session:
        return list(
            session.scalars(
                select(Job.id)
                .where(Job.state == JobState.RUNNING, Job.lease_expires_at < now())
                .order_by(Job.priority, Job.created_at)
            )
        )


def count_queued(database: Database) -> int:
    """Return how many jobs wait."""
    with database.reading() as session:
        return session.scalar(select(func.count()).where(Job.state == JobState.QUEUED)) or 0


def take_unsent(database: Database, not_sent_for_seconds: float, limit: int) -> list[tuple[str, int]]:
    """Return (id, priority) of waiting jobs of which no worker was told for the given time, and note that they are
    sent now."""
    moment = now()
    with database.writing() as session:
        rows = session.execute(
            select(Job.id, Job.priority)
            .where(Job.state == JobState.QUEUED, Job.sent_at < moment - timedelta(seconds=not_sent_for_seconds))
            .order_by(Job.priority, Job.created_at)
            .limit(limit)
        ).all()
        session.execute(update(Job).where(Job.id.in_([row.id for row in rows])).values(sent_at=moment))
        return [(row.id, row.priority) for row in rows]
