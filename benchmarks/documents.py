"""How well files are read: the evaluation documents through the parser's child process.

The figures stand for parsing alone; the way from upload to search is measured elsewhere.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from benchmarks.fidelity import similarity
from benchmarks.figures import Figure, progress
from benchmarks.provenance import PdfGround, chunk_is_exact, in_order
from ingest.sandbox import run_parser
from ingest.splitting import Limits, split
from kb_platform.domain.document import FileFormat, PageStatus, ParsedDocument, load_parsed
from kb_platform.domain.errors import (
    GarbledText,
    LimitExceeded,
    NothingReadable,
    PasswordRequired,
    UnreadableFile,
)
from kb_platform.settings import IngestSettings

BENCH = "documents"
DOCUMENTS = Path(__file__).resolve().parents[2] / "shared" / "eval" / "documents"
QUICK_SECONDS = 26.0
"""When a quick run stops taking files; the one in work may need twenty seconds more on a busy machine."""
_MEMORY_MIB = 2048
_WRONG_PASSWORD = "not the password"


@dataclass(slots=True)
class Outcome:
    """What became of one file."""

    entry: dict[str, Any]
    parsed: ParsedDocument | None = None
    error: BaseException | None = None
    seconds: float = 0.0
    peak_mib: float = 0.0
    chunks: int = 0
    exact: int = 0
    similarity: float | None = None
    problems: list[str] = field(default_factory=list)

    def took(self, peak_mib: float) -> None:
        self.peak_mib = peak_mib


class WordTokenizer:
    """Counts words and Chinese characters: chunk sizes do not matter here, the model need not be loaded."""

    max_tokens = 512
    _word = re.compile(r"[^\W\u2e80-\uffff]+|[^\s]")

    def count_tokens(self, text: str) -> int:
        return len(self._word.findall(text))

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in self._word.finditer(text)]


def entries() -> list[dict[str, Any]]:
    """Return the evaluation documents' manifest; FileNotFoundError where the set is not on this machine."""
    with (DOCUMENTS / "manifest.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read(entry: dict[str, Any], password: str = "") -> Outcome:
    """Parse one file in its child process and check what came out."""
    path = DOCUMENTS / entry["file"]
    outcome = Outcome(entry)
    started = time.monotonic()
    try:
        settings = IngestSettings(parse_memory_mib=_MEMORY_MIB)
        run = run_parser(path, path.name, settings, password=password, on_peak=outcome.took)
        outcome.seconds = run.seconds
        outcome.parsed = load_parsed(run.result)
        _check_provenance(outcome, path, password)
        outcome.similarity = _similarity(outcome.parsed, entry)
    except UnreadableFile as error:
        outcome.error, outcome.seconds = error, time.monotonic() - started
    except Exception as error:  # noqa: BLE001 - a worker would have died of it: that is what is counted
        outcome.error, outcome.seconds = error, time.monotonic() - started
    return outcome


def _check_provenance(outcome: Outcome, path: Path, password: str) -> None:
    parsed = outcome.parsed
    assert parsed is not None
    tokenizer = WordTokenizer()
    chunks = split(parsed, tokenizer, Limits.of(320, tokenizer.max_tokens))
    if not in_order(parsed, chunks):
        outcome.problems.append("blocks, segments or chunks out of order, or words in no chunk")
    read_by_ocr = any(page.status == PageStatus.OCR for page in parsed.pages)
    ground = PdfGround(path, password) if parsed.format == FileFormat.PDF and not read_by_ocr else None
    cells = _Cells(path).value if path.suffix in (".xlsx", ".xlsm") else None
    outcome.chunks = len(chunks)
    for chunk in chunks:
        if chunk_is_exact(parsed, chunk, ground, cells):
            outcome.exact += 1
        else:
            outcome.problems.append(f"characters {chunk.start}-{chunk.end} are not what their highlight shows")


class _Cells:
    """The cells of a workbook, read whole by openpyxl."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _workbook(self) -> Any:
        return load_workbook(self._path, data_only=True)

    def value(self, sheet: str, cell: str) -> tuple[object, str]:
        """Return a cell's value (None for a range) and its comment."""
        if ":" in cell:
            return None, ""
        found = self._workbook[sheet][cell]
        return found.value, found.comment.text if found.comment else ""


def _similarity(parsed: ParsedDocument, entry: dict[str, Any]) -> float | None:
    return similarity(parsed.text, DOCUMENTS / entry["truth"]) if entry.get("truth") else None


def is_right(outcome: Outcome) -> bool:
    """Tell whether a file that is not simply to be parsed ended as the manifest says."""
    expect, error = outcome.entry["expect"], outcome.error
    refused = isinstance(error, UnreadableFile)
    if expect == "needs_password":
        return isinstance(error, PasswordRequired)
    if expect == "reject":
        return refused
    if expect == "empty":
        return isinstance(error, NothingReadable)
    if expect == "garbage_text":
        return isinstance(error, GarbledText)
    if expect == "parse_bounded":
        return outcome.parsed is not None or isinstance(error, LimitExceeded)
    return refused or outcome.parsed is not None


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures of DESIGN.md's table. Raises FileNotFoundError where the evaluation set is missing."""
    every = entries()
    random.Random(1).shuffle(every)
    deadline = time.monotonic() + QUICK_SECONDS if quick else float("inf")
    hostile = _in_turn([entry for entry in every if entry["expect"] != "parse"], deadline - QUICK_SECONDS / 2, 1)
    plain = _in_turn([entry for entry in every if entry["expect"] == "parse"], deadline, 2)
    with_password = [
        read(outcome.entry, outcome.entry["password"])
        for outcome in hostile
        if outcome.entry.get("password") and time.monotonic() < deadline
    ]
    with_wrong_password = [
        read(outcome.entry, _WRONG_PASSWORD)
        for outcome in hostile
        if outcome.entry["expect"] == "needs_password" and time.monotonic() < deadline
    ]
    yield from _refusals(hostile, with_password, with_wrong_password)
    yield from _figures(plain, hostile, [*with_password, *with_wrong_password])


def _in_turn(wanted: Sequence[dict[str, Any]], deadline: float, at_once: int) -> list[Outcome]:
    outcomes: list[Outcome] = []

    def one(entry: dict[str, Any]) -> None:
        if time.monotonic() > deadline:
            return
        outcome = read(entry)
        outcomes.append(outcome)
        said = outcome.error or f"{len(outcome.parsed.text) if outcome.parsed else 0} characters"
        notes = "; ".join(outcome.problems[:2])
        progress(f"{outcome.seconds:6.1f} s {outcome.peak_mib:5.0f} MiB {entry['file']}: {said} {notes}")

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, wanted))
    return outcomes


def _refusals(
    hostile: list[Outcome], with_password: list[Outcome], with_wrong_password: list[Outcome]
) -> Iterator[Figure]:
    """Yield how many files ended as their word in the manifest says, all together and word by word."""
    if not hostile:
        return
    right: dict[str, list[bool]] = defaultdict(list)
    for outcome in hostile:
        right[outcome.entry["expect"]].append(is_right(outcome))
    right["password"] = [outcome.parsed is not None for outcome in with_password]
    right["wrong_password"] = [isinstance(outcome.error, PasswordRequired) for outcome in with_wrong_password]
    every = [each for found in right.values() for each in found]
    yield Figure(BENCH, "refused_right_share", sum(every) / len(every), "share", len(every))
    for word, found in sorted(right.items()):
        if found:
            yield Figure(BENCH, f"right_{word}", sum(found) / len(found), "share", len(found))
    for name, bounded in (("worst_seconds", False), ("worst_seconds_parse_bounded", True)):
        seconds = [outcome.seconds for outcome in hostile if (outcome.entry["expect"] == "parse_bounded") == bounded]
        if seconds:
            yield Figure(BENCH, name, round(max(seconds), 2), "s", len(seconds))
    worst_mib = max(outcome.peak_mib for outcome in hostile)
    yield Figure(BENCH, "worst_mib", round(worst_mib, 1), "MiB", len(hostile))


def _figures(plain: list[Outcome], hostile: list[Outcome], with_password: list[Outcome]) -> Iterator[Figure]:
    if plain:
        ready = sum(outcome.parsed is not None for outcome in plain)
        yield Figure(BENCH, "ready_share", ready / len(plain), "share", len(plain))
    everything = [*plain, *hostile, *with_password]
    deaths = sum(outcome.error is not None and not isinstance(outcome.error, UnreadableFile) for outcome in everything)
    yield Figure(BENCH, "worker_deaths", deaths, "count", len(everything))
    by_format: dict[str, list[float]] = defaultdict(list)
    for outcome in everything:
        if outcome.similarity is not None and outcome.parsed is not None:
            by_format[outcome.parsed.format].append(outcome.similarity)
    for name in ("pdf", "docx", "pptx", "xlsx", "html"):
        if found := by_format.get(name):
            yield Figure(BENCH, f"similarity_{name}", round(sum(found) / len(found), 4), "ratio", len(found))
    checked = sum(outcome.chunks for outcome in everything)
    if checked:
        broken = sum(any("order" in problem for problem in outcome.problems) for outcome in everything)
        exact = sum(outcome.exact for outcome in everything) - broken
        yield Figure(BENCH, "provenance_exact_share", round(exact / checked, 4), "share", checked)
