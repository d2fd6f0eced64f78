"""Telling the workers, without making a request fail when the queue is away."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from celery import Celery

from kb_platform.documents import QueuedJob
from kb_platform.domain.errors import QueueUnavailable
from kb_platform.queue import wake

log = logging.getLogger(__name__)


def wake_workers(celery: Celery, jobs: Iterable[QueuedJob]) -> None:
    """Send the jobs. They are rows already: where the queue does not answer, the reaper sends them later, and the
    caller's request has done its part."""
    for job in jobs:
        try:
            wake(celery, job.id, job.priority)
        except QueueUnavailable as error:
            log.warning("%s", error.message)
            return
