"""The job table: what is to be done, who holds it, and for how long.

SQL is the queue's truth. The message that wakes a worker carries only a job's id and may be lost, doubled or late:
a worker does nothing without the lease, and the reaper sends what was forgotten again.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from kb_platform.database.engine import Database
from kb_platform.database.tables import Job, JobKind, JobState, now

logger = logging.getLogger(__name__)

TASK_NAME = "workers.run_job"
PATIENCE_SECONDS = 3.0
"""How long a more urgent job waits for a free worker before one gives way."""
SHORTEST_TURN_SECONDS = 10.0
"""A job works at least this long before it gives way, so that it gets on however many come in between."""
LOST_LEASES_FIRST = 2
"""So many times a job whose worker went away is sent before all others."""
LOOK_SECONDS = 1.0
"""How often a worker looks whether its job was paused, cancelled or given away."""


class LeaseLost(Exception):
    """Another worker holds the job now, or it was paused or cancelled: stop, and write nothing more."""


class GaveWay(Exception):
    """A more urgent job waits for a worker: give this one back. What it has done is kept, and it goes on from there."""


def add_job(session: Session, kind: JobKind, target_id: str, priority: int = 5) -> Job:
    """Add a queued job to the caller's transaction. Send it (`queue.wake`) after that transaction committed."""
    job = Job(kind=kind, target_id=target_id, priority=priority)
    session.add(job)
    session.flush()
    return job


def add_job_once(session: Session, kind: JobKind, target_id: str, priority: int) -> Job | None:
    """Add a queued job unless one of that kind and target is unfinished (None then)."""
    there = select(Job.id).where(
        Job.kind == kind, Job.target_id == target_id, Job.state.in_([JobState.QUEUED, JobState.RUNNING])
    )
    return add_job(session, kind, target_id, priority) if session.scalar(there.limit(1)) is None else None


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
                attempts=Job.attempts + case((Job.state == JobState.QUEUED, 1), else_=0),
                lost_leases=Job.lost_leases + case((Job.state == JobState.QUEUED, 0), else_=1),
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


def confirm_lease(session: Session, job_id: str, owner: str) -> None:
    """Make sure, in the caller's transaction, that what it writes is still this owner's to write. Raises LeaseLost."""
    held = select(Job.id).where(Job.id == job_id, Job.lease_owner == owner, Job.state == JobState.RUNNING)
    if session.scalar(held.with_for_update()) is None:
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


def holder(database: Database, job_id: str) -> str | None:
    """Return who holds the job's lease, run out or not; None when it is not being worked on."""
    with database.reading() as session:
        return session.scalar(select(Job.lease_owner).where(Job.id == job_id, Job.state == JobState.RUNNING))


class Lease:
    """A job held by this worker. While open, a thread sends heartbeats; `check` tells the work whether to go on."""

    def __init__(self, database: Database, job: Job, owner: str, lease_seconds: int) -> None:
        self.job_id = job.id
        self.owner = owner
        self._job = job
        self._taken_at = time.monotonic()
        self._database = database
        self._seconds = lease_seconds
        self._lost = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{job.id}", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        """Raises LeaseLost when the job was paused, cancelled or given to another worker."""
        if self._lost.is_set():
            raise LeaseLost(self.job_id)

    def give_way(self) -> None:
        """Called where the job can break off and go on later without loss. Raises GaveWay when a more urgent job has
        found no free worker, LeaseLost as `check` does."""
        self.check()
        if time.monotonic() - self._taken_at < SHORTEST_TURN_SECONDS:
            return
        if more_urgent_waits(self._database, self._job, PATIENCE_SECONDS):
            raise GaveWay(self.job_id)

    def confirm(self, session: Session) -> None:
        """Let the caller's transaction write only while the job is this worker's. Raises LeaseLost."""
        confirm_lease(session, self.job_id, self.owner)

    def finish(self, session: Session, state: JobState, error: str = "") -> None:
        """End the job in the caller's transaction, together with what it made. Raises LeaseLost."""
        finish(session, self.job_id, self.owner, state, error)

    def _beat(self) -> None:
        # A quarter of the lease: three beats may fail (a locked database, a slow disk) before it runs out.
        next_beat = time.monotonic() + self._seconds / 4
        while not self._ended.wait(min(LOOK_SECONDS, self._seconds / 4)):
            try:
                if time.monotonic() >= next_beat:
                    keep_lease(self._database, self.job_id, self.owner, self._seconds)
                    next_beat = time.monotonic() + self._seconds / 4
                elif not _is_held(self._database, self.job_id, self.owner):
                    raise LeaseLost(self.job_id)
            except LeaseLost:
                self._lost.set()
                return
            except SQLAlchemyError:
                logger.warning("heartbeat of job %s failed; trying again", self.job_id, exc_info=True)


def cancel(session: Session, target_id: str) -> None:
    """Cancel the unfinished jobs of a target in the caller's transaction; a running worker notices within seconds."""
    _stop(session, target_id, JobState.CANCELLED)


def pause(session: Session, target_id: str) -> None:
    """Let the waiting or running job of a target rest, in the caller's transaction."""
    _stop(session, target_id, JobState.PAUSED)


def resume(session: Session, target_id: str) -> list[Job]:
    """Queue the resting jobs of a target again, with all their attempts, in the caller's transaction."""
    resting = session.scalars(select(Job).where(Job.target_id == target_id, Job.state == JobState.PAUSED)).all()
    for job in resting:
        job.state, job.finished_at, job.sent_at = JobState.QUEUED, None, now()
        job.attempts = job.lost_leases = 0
    return list(resting)


def more_urgent_waits(database: Database, job: Job, waited_seconds: float) -> bool:
    """Whether a job that goes before this one has found no free worker for the given time."""
    with database.reading() as session:
        return (
            session.scalar(
                select(Job.id)
                .where(
                    Job.state == JobState.QUEUED,
                    Job.priority < job.priority,
                    Job.sent_at < now() - timedelta(seconds=waited_seconds),
                )
                .limit(1)
            )
            is not None
        )


def _stop(session: Session, target_id: str, state: JobState) -> None:
    stoppable = {JobState.QUEUED, JobState.RUNNING, JobState.PAUSED} - {state}
    session.execute(
        update(Job)
        .where(Job.target_id == target_id, Job.state.in_(stoppable))
        .values(state=state, finished_at=now(), lease_expires_at=None)
    )


def _is_held(database: Database, job_id: str, owner: str) -> bool:
    with database.reading() as session:
        held = select(Job.id).where(Job.id == job_id, Job.lease_owner == owner, Job.state == JobState.RUNNING)
        return session.scalar(held) is not None


def abandoned(database: Database) -> list[tuple[str, int]]:
    """Return (id, priority to send with) of the running jobs whose lease ran out: their worker died. They go first,
    for they have waited, but not again and again: a worker that keeps dying must not always meet the same ones."""
    with database.reading() as session:
        rows = session.execute(
            select(Job.id, Job.priority, Job.lost_leases)
            .where(Job.state == JobState.RUNNING, Job.lease_expires_at < now())
            .order_by(Job.priority, Job.created_at)
        )
        return [(row.id, 0 if row.lost_leases < LOST_LEASES_FIRST else row.priority) for row in rows]


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
