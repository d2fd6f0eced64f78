"""The one Celery task: take the job's lease, do the work, record how it ended."""

from __future__ import annotations

import logging
import os
import socket
import uuid

from ingest.deletion import delete_document, delete_knowledge_base
from ingest.pipeline import discard_cancelled, ingest_version, mark_failed
from ingest.reindexing import reindex_document
from ingest.services import IngestServices
from ingest.verification import reconcile_index
from kb_platform.database.tables import Job, JobKind, JobState
from kb_platform.domain.errors import KnowledgeBaseError, QueueUnavailable, Unavailable, UnreadableFile
from kb_platform.jobs import TASK_NAME, GaveWay, Lease, LeaseLost, give_back, take_lease
from kb_platform.queue import wake
from workers.celery_app import app, services

logger = logging.getLogger(__name__)

MOST_LOST_LEASES = 20
"""Many: mostly the machine is to blame. Not endless: a file that takes the machine down must not do so for ever."""
AWAY_SECONDS = 5.0
"""Before a job is tried again that found the index or an endpoint away."""


@app.task(name=TASK_NAME)
def run_job(job_id: str) -> None:
    """Do one job. A job that another worker holds, or that has ended, is left alone."""
    work_on(job_id, services())


def work_on(job_id: str, made: IngestServices) -> None:
    """Take the job's lease, do the work, and record how it ended. Raises nothing that the work raised."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    job = take_lease(made.database, job_id, owner, made.settings.queue.lease_seconds)
    if job is None:
        return
    logger.info("job %s (%s of %s), attempt %d", job.id, job.kind, job.target_id, job.attempts)
    with Lease(made.database, job, owner, made.settings.queue.lease_seconds) as lease:
        try:
            _work(job, lease, made)
        except LeaseLost:
            logger.info("job %s is no longer ours", job.id)
            if job.kind == JobKind.INGEST:
                discard_cancelled(job.target_id, made)
        except GaveWay:
            logger.info("job %s gives way to a more urgent one", job.id)
            _queue_again(job, lease, made)
        except UnreadableFile as error:
            _fail(job, lease, made, error.code, error.reason)
        except Unavailable as error:
            _try_again(job, lease, made, error)
        except Exception as error:  # whatever a job does, the worker lives and the job gets an end
            logger.exception("job %s failed", job.id)
            _try_again(job, lease, made, error)


def _work(job: Job, lease: Lease, made: IngestServices) -> None:
    if job.attempts > made.settings.queue.max_attempts:
        _fail(job, lease, made, "gave_up", f"Reading did not end after {job.attempts - 1} attempts. {job.last_error}")
    elif job.lost_leases > MOST_LOST_LEASES:
        _fail(job, lease, made, "gave_up", f"The worker went away {job.lost_leases} times while it read this.")
    elif job.kind == JobKind.INGEST:
        ingest_version(job.target_id, lease, made)
    elif job.kind == JobKind.REINDEX_DOCUMENT:
        reindex_document(job.target_id, lease, made)
    elif job.kind == JobKind.RECONCILE_INDEX:
        reconcile_index(lease, made)
    elif job.kind == JobKind.DELETE_DOCUMENT:
        delete_document(job.target_id, lease, made.database, made.index)
    elif job.kind == JobKind.DELETE_KNOWLEDGE_BASE:
        delete_knowledge_base(job.target_id, lease, made.database, made.index)


def _queue_again(job: Job, lease: Lease, made: IngestServices) -> None:
    give_back(made.database, job.id, lease.owner, "", 0.0, counted=False)
    try:
        wake(app, job.id, job.priority)
    except QueueUnavailable as error:
        logger.warning("%s", error.message)  # the reaper sends it


def _try_again(job: Job, lease: Lease, made: IngestServices, error: Exception) -> None:
    away = isinstance(error, Unavailable)
    message = error.message if isinstance(error, KnowledgeBaseError) else f"{type(error).__name__}: {error}"
    if job.attempts >= made.settings.queue.max_attempts and not away:
        _fail(job, lease, made, "internal_error", f"Reading failed {job.attempts} times. Last: {message}")
    else:
        give_back(made.database, job.id, lease.owner, message, AWAY_SECONDS, counted=not away)


def _fail(job: Job, lease: Lease, made: IngestServices, code: str, message: str) -> None:
    try:
        with made.database.writing() as session:
            lease.finish(session, JobState.FAILED, message)
            if job.kind == JobKind.INGEST:
                mark_failed(session, job.target_id, code, message)
    except LeaseLost:
        logger.info("job %s is no longer ours", job.id)
