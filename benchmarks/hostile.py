"""Attacks: XSS in a browser, addresses inside, file names, injections, and requests that make no sense."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.api_cases import measure_server_errors
from benchmarks.figures import Figure
from benchmarks.hostile_names import measure_files_outside
from benchmarks.hostile_world import hostile_world
from benchmarks.injections import measure_injections
from benchmarks.injections_model import measure_injections_on_model
from benchmarks.ssrf import measure_ssrf
from benchmarks.xss import measure_xss

QUICK_STEP = 8


def measure(quick: bool) -> Iterator[Figure]:
    """Yield what came through, 0 of each where nothing did; a share of each attack when `quick`."""
    yield from measure_ssrf(quick)
    yield from measure_injections(quick, QUICK_STEP if quick else 1)
    if not quick:
        yield from measure_injections_on_model()
    with tempfile.TemporaryDirectory(prefix="kb-hostile-") as folder, hostile_world(Path(folder)) as world:
        yield from measure_files_outside(world, quick)
        yield from measure_xss(world, quick)
        yield from measure_server_errors(world, quick)
