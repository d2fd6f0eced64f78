"""The job table: what is to be done, who holds it, and for how long.

SQL is the queue's truth. The message that wakes a worker carries only a job's id and may be lost, doubled or late:
a worker does nothing without the lease, and the reaper sends what was forgotten again.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from kb_platform.database.engine import Database
from kb_platform.database.tables import Job, JobKind, JobState, now

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


def give_back(database: Database, job_id: str, owner: str, error: str, delay_seconds: float) -> None:
    """Queue the job again after a passing fault (index or endpoint away); it is sent again after the delay."""
    with database.writing() as session:
        session.execute(
            update(Job)
            .where(Job.id == job_id, Job.lease_owner == owner, Job.state == JobState.RUNNING)
            .values(
                state=JobState.QUEUED,
                last_error=error,
                lease_expires_at=None,
                sent_at=now() + timedelta(seconds=delay_seconds),
            )
        )


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
