"""When a pool process dies in the middle of a job (out of memory, killed), the job goes back at once: it need not wait
until its lease runs out, and the attempt counts, for its file may be the reason."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Sequence

from billiard.exceptions import WorkerLostError
from celery import Celery
from celery.signals import task_failure

from kb_platform.database.engine import Database, open_database
from kb_platform.domain.errors import QueueUnavailable
from kb_platform.jobs import give_back, holder
from kb_platform.queue import wake
from kb_platform.settings import Settings

logger = logging.getLogger(__name__)

AGAIN_PRIORITY = 5
DIED = "Its worker process died."


def watch_for_deaths(celery: Celery, settings: Settings) -> None:
    """Let the worker's main process give back the jobs of pool processes that die."""

    def lost(exception: BaseException, args: Sequence[object], **_others: object) -> None:
        if not isinstance(exception, WorkerLostError) or not args:
            return
        database = open_database(settings)  # closed again: a pool process forked later must not inherit connections
        try:
            give_back_if_dead(database, str(args[0]), celery)
        finally:
            database.close()

    task_failure.connect(lost, weak=False)


def give_back_if_dead(database: Database, job_id: str, celery: Celery) -> bool:
    """Queue the job again when the process that holds its lease is one of this machine that is no more. Returns
    whether it was."""
    owner = holder(database, job_id)
    if owner is None or not _is_dead(owner):
        return False
    logger.warning("job %s is given back: its process died", job_id)
    give_back(database, job_id, owner, DIED, 0.0, counted=True)
    with contextlib.suppress(QueueUnavailable):  # the reaper sends it
        wake(celery, job_id, AGAIN_PRIORITY)
    return True


def _is_dead(owner: str) -> bool:
    host, pid, _ = owner.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's by now: the number was given away again
        return True
    return False
