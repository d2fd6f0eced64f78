"""Waking workers: a Celery message with a job's id. Losing it loses nothing (see `jobs`)."""

from __future__ import annotations

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from kb_platform.domain.errors import QueueUnavailable
from kb_platform.jobs import TASK_NAME
from kb_platform.settings import QueueSettings

QUEUE_NAME = "kb-jobs"
PRIORITY_SEPARATOR = "\x06\x16"
"""Kombu's Redis transport keeps one list a priority: the queue's name, this, and the priority (none for 0)."""


def make_celery(settings: QueueSettings) -> Celery:
    """Return the Celery app that both sides use: JSON only, acknowledged late, priorities 0 (first) to 9."""
    app = Celery("kb_platform", broker=settings.url.get_secret_value())
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,  # the job is given back in SQL, see workers/deaths.py
        worker_prefetch_multiplier=1,
        worker_concurrency=settings.concurrency,
        worker_max_tasks_per_child=200,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "priority_steps": list(range(10)),
            "queue_order_strategy": "priority",
            "visibility_timeout": 3600,
            "socket_connect_timeout": 3,
        },
        task_default_queue=QUEUE_NAME,
        worker_hijack_root_logger=False,
    )
    return app


def wake(celery: Celery, job_id: str, priority: int) -> None:
    """Tell the workers that a job waits. Raises QueueUnavailable; the job is kept and sent again by the reaper."""
    try:
        celery.send_task(TASK_NAME, args=[job_id], priority=priority, retry=False)
    except (OperationalError, OSError) as error:
        raise QueueUnavailable(
            "The job queue does not answer; the file is kept and is read when it is back."
        ) from error


def count_messages(queue: redis.Redis) -> int:
    """Return how many messages wait for a worker. Raises redis.RedisError."""
    names = [QUEUE_NAME, *(f"{QUEUE_NAME}{PRIORITY_SEPARATOR}{priority}" for priority in range(1, 10))]
    with queue.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.llen(name)
        return sum(int(length) for length in pipeline.execute())
