"""`python -m benchmarks NAME [--quick]`: run one benchmark; `list` says what there is.

A benchmark is a module with `measure(quick: bool) -> Iterable[Figure]`. It exits 0 when it measured, whatever it found.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

from benchmarks.figures import Figure, print_figures


@dataclass(frozen=True, slots=True)
class Benchmark:
    module: str
    about: str
    takes: str


BENCHMARKS: dict[str, Benchmark] = {
    "walkthrough": Benchmark(
        "benchmarks.walkthrough", "real files uploaded, twenty questions asked, every citation opened", "4 min"
    ),
    "documents": Benchmark(
        "benchmarks.documents", "files read or refused rightly, their text against the truth, provenance", "6 min"
    ),
    "faults": Benchmark(
        "benchmarks.faults", "each step failing once, and kill -9 of each process while files are read", "45 min"
    ),
    "ingest-speed": Benchmark(
        "benchmarks.ingest_speed",
        "upload to searchable against bare embedding, re-ingest, memory",
        "20 min",
    ),
    "answers": Benchmark(
        "benchmarks.answers", "citations and abstention on answerable and unanswerable questions", "15 min"
    ),
    "gateway": Benchmark(
        "benchmarks.gateway", "what the API adds to a model's first token, and how fast cancelling reaches it", "6 min"
    ),
    "isolation": Benchmark(
        "benchmarks.isolation", "probes for another department's words, and every route asked by everybody", "15 min"
    ),
    "hostile": Benchmark(
        "benchmarks.hostile",
        "scripts, addresses inside, file names, injections and senseless requests against the platform",
        "15 min",
    ),
    "retrieval": Benchmark(
        "benchmarks.retrieval", "hit@k, recall, MRR and nDCG of each method on labelled question sets", "40 min"
    ),
    "retrieval-speed": Benchmark(
        "benchmarks.retrieval_speed", "what a search adds to embedding its question, at 100,000 and 1,000,000", "60 min"
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmark and return the process's exit status."""
    parser = argparse.ArgumentParser(prog="kb bench", description="Measure the platform; one JSON line a figure.")
    parser.add_argument("name", choices=["list", *BENCHMARKS], metavar="NAME", help="a benchmark, or `list`")
    parser.add_argument("--quick", action="store_true", help="a sample that ends within 50 seconds")
    chosen = parser.parse_args(arguments)
    if chosen.name == "list":
        for name, benchmark in BENCHMARKS.items():
            print(f"{name:16} {benchmark.about} (about {benchmark.takes})")
        return 0
    module = importlib.import_module(BENCHMARKS[chosen.name].module)
    measure = cast(Callable[[bool], Iterable[Figure]], module.measure)
    print_figures(measure(chosen.quick))
    return 0


if __name__ == "__main__":
    sys.exit(main())
