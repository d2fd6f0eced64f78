"""Whether departments are separated: probes for somebody else's words over every surface, and the table of routes.

Half of the probes are answered by quoting, half by a model that tells every canary it was shown.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from benchmarks.canaries import Actor, MarkedHouse, marked_house
from benchmarks.figures import Figure, progress
from benchmarks.house import PASSWORD, build_house
from benchmarks.index_process import running_index
from benchmarks.parrot import Parrot, running_parrot
from benchmarks.probes import SURFACES, Probe
from benchmarks.route_objects import build_world
from benchmarks.route_table import route_table
from benchmarks.routes import check_routes
from benchmarks.served_app import ServedApp, app_settings, serving
from kb_platform.database.migrate import upgrade

BENCH = "isolation"
PROBES = 10_000
DOCUMENTS, QUICK_DOCUMENTS = 24, 4
QUICK_SECONDS = 8.0
"""For the probes of either half; the rest of the 50 seconds goes to starting and to the routes."""
QUICK_ROWS = 10
"""Of the table one row in so many."""
NO_LIMIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Leak:
    """A probe after which somebody had seen what they must not, or the model had for them."""

    surface: str
    actor: str
    where: str

    def __str__(self) -> str:
        return f"{self.surface}, {self.actor}: {self.where}"


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures; progress and every leak go to standard error."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = app_settings(folder / "data", stack.enter_context(running_index(folder / "index")), PASSWORD)
        upgrade(settings)
        served = stack.enter_context(serving(settings))
        yield from _routes(served, quick)  # before a model is connected that is gone again after the probes
        yield from _probes(served, quick)


def run_probes(
    house: MarkedHouse, count: int, parrot: Parrot | None = None, seconds: float = NO_LIMIT, seed: int = 0
) -> tuple[int, list[Leak]]:
    """Probe so often, or until the time is over; return how often it was and what leaked. Every surface is tried by
    every actor in turn."""
    chance = random.Random(seed)
    pairs = [(actor, surface) for actor in house.actors for surface in SURFACES]
    chance.shuffle(pairs)
    leaks: list[Leak] = []
    began, done = time.monotonic(), 0
    for actor, surface in islice(cycle(pairs), count):
        if time.monotonic() > began + seconds:
            break
        leaks += probe_once(house, actor, surface, chance, parrot)
        done += 1
        if done % 1000 == 0:
            progress(f"  {done} probes, {len(leaks)} leaks")
    return done, leaks


def probe_once(
    house: MarkedHouse, actor: Actor, surface: str, chance: random.Random, parrot: Parrot | None = None
) -> Iterator[Leak]:
    """Yield what leaks when an actor tries a surface."""
    if parrot is not None:
        parrot.shown.clear()
    probe = Probe(actor, chance.choice(actor.target.secrets), chance, house.served.services)
    came = SURFACES[surface](probe)
    if any(word in came for word in actor.forbidden):
        yield Leak(surface, actor.name, came[:300])
    elif parrot is not None and parrot.shown & actor.forbidden:
        yield Leak(surface, actor.name, "the model was shown it")


def _probes(served: ServedApp, quick: bool) -> Iterator[Figure]:
    documents = QUICK_DOCUMENTS if quick else DOCUMENTS
    leaks: list[Leak] = []
    done = 0
    with running_parrot() as parrot:
        for answering in (None, parrot):
            progress(f"{'a model' if answering else 'quoting'} answers; {documents} documents on either side")
            with marked_house(served, documents, answering) as house:
                count, found = run_probes(house, PROBES // 2, answering, QUICK_SECONDS if quick else NO_LIMIT)
            done += count
            leaks += found
    for leak, times in Counter(map(str, leaks)).most_common(40):
        progress(f"  leaked {times} times: {leak}")
    yield Figure(BENCH, "probes", done, "probes", done)
    yield Figure(BENCH, "leaks", len(leaks), "leaks", done)


def _routes(served: ServedApp, quick: bool) -> Iterator[Figure]:
    rows = route_table()[:: QUICK_ROWS if quick else 1]
    progress(f"{len(rows)} rows of the table of routes")
    world = build_world(served, build_house(served.services.database))
    cells = wrong = 0
    for asked, found in check_routes(world, rows):
        cells += asked
        wrong += len(found)
        for one in found:
            progress(f"  wrong: {one}")
    yield Figure(BENCH, "routes", len({row.operation for row in rows}), "routes", cells)
    yield Figure(BENCH, "routes_right", (cells - wrong) / cells, "share", cells)
