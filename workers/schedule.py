"""What is done from time to time: `python -m workers.schedule`. Any number may run; they do not disturb each other.

- the reaper, every few seconds: wakes workers for jobs whose worker died or whose message was lost;
- the reconciler, now and then: removes audit events that are older than wanted, collects stored files that no row
  refers to, and makes the job that compares SQL with the index and mends it.
"""

from __future__ import annotations

import logging
import signal
import threading
import time

import redis
from celery import Celery
from sqlalchemy.exc import SQLAlchemyError

from kb_platform import audit, jobs
from kb_platform.database.engine import Database, open_database
from kb_platform.database.tables import JobKind
from kb_platform.domain.errors import QueueUnavailable
from kb_platform.files import FileStore
from kb_platform.garbage import collect_files
from kb_platform.queue import count_messages, make_celery, wake
from kb_platform.redaction import start_logging
from kb_platform.settings import load_settings

logger = logging.getLogger(__name__)

REAP_SECONDS = 3.0
SEND_AGAIN_SECONDS = 15.0
RECONCILE_SECONDS = 3600.0
RECONCILE_PRIORITY = 8


def reap(database: Database, celery: Celery, queue: redis.Redis) -> int:
    """Wake a worker for each abandoned job, and for waiting jobs that the queue has no message for.

    Returns how many messages were sent. The queue's length is looked at first: while it holds a message for each
    waiting job, nothing is sent twice.
    """
    missing = jobs.count_queued(database) - count_messages(queue)
    forgotten = jobs.take_unsent(database, SEND_AGAIN_SECONDS, missing) if missing > 0 else []
    to_send = jobs.abandoned(database) + forgotten
    for job_id, priority in to_send:
        wake(celery, job_id, priority)
    return len(to_send)


def main() -> None:
    settings = load_settings()
    start_logging(settings, "%(asctime)s %(levelname)s %(name)s: %(message)s")
    database = open_database(settings)
    files = FileStore(settings.data_dir / "files")
    celery = make_celery(settings.queue)
    queue = redis.Redis.from_url(settings.queue.url.get_secret_value(), socket_connect_timeout=3, socket_timeout=5)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    reconciled = time.monotonic()
    while not stop.wait(REAP_SECONDS):
        try:
            sent = reap(database, celery, queue)
            if sent:
                logger.info("sent %d jobs again", sent)
            if time.monotonic() - reconciled > RECONCILE_SECONDS:
                reconciled = time.monotonic()
                with database.writing() as session:
                    jobs.add_job_once(session, JobKind.RECONCILE_INDEX, "", RECONCILE_PRIORITY)
                audit.prune(database, settings.security.secret_key, settings.audit.retention_days)
                removed = collect_files(database, files)
                if removed:
                    logger.info("removed %d stored files that nothing refers to", removed)
        except (QueueUnavailable, redis.RedisError, SQLAlchemyError):
            logger.warning("the queue or the database does not answer; trying again", exc_info=True)


if __name__ == "__main__":
    main()
