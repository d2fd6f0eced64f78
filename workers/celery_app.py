"""Composition root of the workers: `celery -A workers.celery_app worker`."""

from __future__ import annotations

import functools
import gc

from celery.signals import setup_logging, worker_shutting_down

from ingest.services import IngestServices, make_services
from kb_platform.queue import make_celery
from kb_platform.redaction import start_logging
from kb_platform.settings import load_settings
from workers.deaths import watch_for_deaths

app = make_celery(load_settings().queue)
app.conf.imports = ("workers.tasks",)
watch_for_deaths(app, load_settings())


@setup_logging.connect
def configure_logging(**_arguments: object) -> None:
    start_logging(load_settings(), "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")


@worker_shutting_down.connect
def leave_memory_as_it_is(**_arguments: object) -> None:
    """Python looks through all of a process's objects once more at its end: with a model's libraries that is a second,
    for which whoever stops the platform would wait."""
    gc.freeze()


@functools.cache
def services() -> IngestServices:
    """Return this pool process's services. Made at the first job, after the fork: neither connections nor torch's
    threads survive one."""
    return make_services(load_settings())
