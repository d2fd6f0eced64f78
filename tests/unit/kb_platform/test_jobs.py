"""A job is done by one worker at a time, survives its worker, and always comes to an end."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from kb_platform import jobs
from kb_platform.database.engine import Database
from kb_platform.database.tables import Job, JobKind, JobState, now
from kb_platform.jobs import Lease, LeaseLost


def add_job(database: Database, target_id: str = "target", priority: int = 5) -> str:
    with database.writing() as session:
        return jobs.add_job(session, JobKind.INGEST, target_id, priority).id


def state_of(database: Database, job_id: str) -> str:
    with database.reading() as session:
        return session.get_one(Job, job_id).state


def expire_lease(database: Database, job_id: str) -> None:
    with database.writing() as session:
        session.get_one(Job, job_id).lease_expires_at = now() - timedelta(seconds=1)


def test_only_one_of_two_workers_gets_a_job(database: Database) -> None:
    job_id = add_job(database)
    assert jobs.take_lease(database, job_id, "first", 30) is not None
    assert jobs.take_lease(database, job_id, "second", 30) is None


def test_a_job_whose_worker_died_goes_to_another_and_the_first_may_no_longer_end_it(database: Database) -> None:
    job_id = add_job(database)
    jobs.take_lease(database, job_id, "dead", 30)
    assert jobs.abandoned(database) == []
    expire_lease(database, job_id)
    assert jobs.abandoned(database) == [(job_id, 0)]
    taken = jobs.take_lease(database, job_id, "alive", 30)
    assert taken is not None
    assert (taken.attempts, taken.lost_leases) == (1, 1)
    with pytest.raises(LeaseLost), database.writing() as session:
        jobs.finish(session, job_id, "dead", JobState.SUCCEEDED)
    with database.writing() as session:
        jobs.finish(session, job_id, "alive", JobState.SUCCEEDED)
    assert state_of(database, job_id) == JobState.SUCCEEDED


def test_a_worker_that_keeps_dying_does_not_use_up_a_files_attempts_and_soon_meets_others_first(
    database: Database,
) -> None:
    job_id = add_job(database, priority=6)
    priorities = []
    for number in range(4):
        taken = jobs.take_lease(database, job_id, f"worker {number}", 30)
        assert taken is not None
        assert taken.attempts == 1
        expire_lease(database, job_id)
        priorities += [priority for _, priority in jobs.abandoned(database)]
    assert priorities == [0, 0, 6, 6]


def test_heartbeats_keep_the_lease_and_notice_a_cancellation(database: Database) -> None:
    job_id = add_job(database, target_id="version")
    job = jobs.take_lease(database, job_id, "worker", 1)
    assert job is not None
    with Lease(database, job, "worker", 1) as lease:
        time.sleep(1.3)
        lease.check()
        assert jobs.abandoned(database) == []
        with database.writing() as session:
            jobs.cancel(session, "version")
        time.sleep(0.6)
        with pytest.raises(LeaseLost):
            lease.check()
    assert state_of(database, job_id) == JobState.CANCELLED


def test_a_fault_of_the_platform_is_not_counted_as_an_attempt(database: Database) -> None:
    job_id = add_job(database)
    for counted, attempts in ((False, 0), (True, 1), (False, 1)):
        jobs.take_lease(database, job_id, "worker", 30)
        jobs.give_back(database, job_id, "worker", "the index is away", 5, counted=counted)
        with database.reading() as session:
            job = session.get_one(Job, job_id)
        assert (job.state, job.attempts, job.last_error) == (JobState.QUEUED, attempts, "the index is away")


def test_waiting_jobs_are_sent_again_in_order_of_priority_and_not_twice(database: Database) -> None:
    large, small = add_job(database, priority=7), add_job(database, priority=3)
    assert jobs.take_unsent(database, not_sent_for_seconds=60, limit=10) == []
    with database.writing() as session:
        for job_id in (large, small):
            session.get_one(Job, job_id).sent_at = now() - timedelta(minutes=2)
    assert jobs.take_unsent(database, not_sent_for_seconds=60, limit=10) == [(small, 3), (large, 7)]
    assert jobs.take_unsent(database, not_sent_for_seconds=60, limit=10) == []
    assert jobs.count_queued(database) == 2


def test_what_a_job_made_and_its_end_are_one_transaction(database: Database) -> None:
    job_id = add_job(database)
    jobs.take_lease(database, job_id, "worker", 30)
    with pytest.raises(RuntimeError), database.writing() as session:  # noqa: PT012 - the write and the fault are one promise
        jobs.finish(session, job_id, "worker", JobState.SUCCEEDED)
        raise RuntimeError("the write after it fails")
    assert state_of(database, job_id) == JobState.RUNNING
