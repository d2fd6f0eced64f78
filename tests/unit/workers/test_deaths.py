"""A job whose process died goes back at once; one that is being worked on is left alone."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from kb_platform import jobs
from kb_platform.database.engine import Database, make_engine
from kb_platform.database.tables import Base, Job, JobKind, JobState
from kb_platform.queue import make_celery
from kb_platform.settings import QueueSettings
from workers.deaths import give_back_if_dead


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(make_engine(f"sqlite:///{tmp_path / 'kb.sqlite3'}"))
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def celery() -> Celery:
    return make_celery(QueueSettings.model_validate({"url": "redis://127.0.0.1:1/0"}))  # nobody there: the reaper sends


def owner_of(pid: int, host: str = "") -> str:
    return f"{host or socket.gethostname()}:{pid}:0123abcd"


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def running_job(database: Database, owner: str) -> str:
    with database.writing() as session:
        job_id = jobs.add_job(session, JobKind.INGEST, "version").id
    jobs.take_lease(database, job_id, owner, 30)
    return job_id


def job_of(database: Database, job_id: str) -> Job:
    with database.reading() as session:
        return session.get_one(Job, job_id)


def test_the_job_of_a_dead_process_waits_again_at_once_and_the_attempt_counts(
    database: Database, celery: Celery
) -> None:
    job_id = running_job(database, owner_of(dead_pid()))
    assert give_back_if_dead(database, job_id, celery)
    job = job_of(database, job_id)
    assert (job.state, job.attempts, job.lost_leases) == (JobState.QUEUED, 1, 0)
    taken = jobs.take_lease(database, job_id, "another", 30)
    assert taken is not None
    assert taken.attempts == 2


@pytest.mark.parametrize("host", ["", "another-machine"])
def test_the_job_of_a_living_process_or_of_another_machine_is_left_alone(
    database: Database, celery: Celery, host: str
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        job_id = running_job(database, owner_of(dead_pid() if host else process.pid, host))
        assert not give_back_if_dead(database, job_id, celery)
        process.kill()
    assert job_of(database, job_id).state == JobState.RUNNING


def test_a_job_that_nobody_holds_is_left_alone(database: Database, celery: Celery) -> None:
    job_id = running_job(database, owner_of(dead_pid()))
    jobs.give_back(database, job_id, owner_of(1), "", 0, counted=True)  # not his
    with database.writing() as session:
        jobs.cancel(session, "version")
    assert not give_back_if_dead(database, job_id, celery)
    assert job_of(database, job_id).state == JobState.CANCELLED
