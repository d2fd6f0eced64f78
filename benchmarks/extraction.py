"""Text out of digital PDFs: the ingest parser (boxes, reading order, tables and all) beside pypdf's extract_text.

Both read the same files in turn, in one process and thread; processor seconds count. Only files count whose pages carry
a text layer: what OCR costs is no matter of extraction.
"""

from __future__ import annotations

import json
import logging
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pypdf
from pypdf.errors import PyPdfError

from benchmarks.fidelity import similarity
from benchmarks.figures import Figure, progress
from ingest.parsers.pdf import parse
from ingest.parsers.source import Source
from kb_platform.domain.document import PageStatus
from kb_platform.domain.errors import UnreadableFile

BENCH = "ingest-speed"
DOCUMENTS = Path(__file__).resolve().parents[2] / "shared" / "eval" / "documents"
_ROUNDS = 6
"""As many that the smallest and the largest hold the true median in 97 of 100 runs."""
QUICK_PAGES = 30
"""A quick run takes files until they have so many pages."""
_MOST_CHARACTERS = 50_000_000


@dataclass(frozen=True, slots=True)
class DigitalFile:
    path: Path
    truth: Path | None
    pages: int


def measure_extraction(quick: bool) -> list[Figure]:
    """Return how many times pypdf's pages a second ours are, and both texts' similarity to the truth files.

    A round reads every file with both, one after the other; the figure is the median of the rounds' ratios, its
    interval (not of a quick run's single round) the smallest and the largest.

    Raises FileNotFoundError where the evaluation set is missing.
    """
    files = digital_files(QUICK_PAGES if quick else None)
    pages = sum(file.pages for file in files)
    ratios: list[float] = []
    rates: list[float] = []
    for number in range(1 if quick else _ROUNDS):
        ours = theirs = 0.0
        for file in files:
            ours += _seconds(_our_text, file.path)
            theirs += _seconds(_pypdf_text, file.path)
        ratios.append(theirs / ours)
        rates.append(pages / ours)
        progress(
            f"round {number + 1}: {pages / ours:.0f} pages/s, pypdf {pages / theirs:.0f}, {theirs / ours:.2f} times"
        )
    figures = [
        Figure(
            BENCH,
            "extraction_vs_pypdf",
            round(statistics.median(ratios), 2),
            "times",
            pages,
            (min(ratios), max(ratios)) if len(ratios) == _ROUNDS else None,
        ),
        Figure(BENCH, "extraction_pages_s", round(statistics.median(rates), 1), "pages/s", pages),
    ]
    for name, read in (("extraction_similarity", _our_text), ("pypdf_similarity", _pypdf_text)):
        found = [near for file in files if file.truth and (near := similarity(read(file.path), file.truth)) is not None]
        if found:
            figures.append(Figure(BENCH, name, round(statistics.mean(found), 4), "ratio", len(found)))
    return figures


class _OcrAsked(Exception):
    """A page's picture would be read by OCR, which may find nothing and take seconds."""


@cache
def digital_files(most_pages: int | None = None) -> list[DigitalFile]:
    """Return the real PDFs whose every page carries a text layer that can be read, and no picture that OCR looks at,
    with their truth files where the set has them: all, or as many as have `most_pages` together."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    found: list[DigitalFile] = []
    with (DOCUMENTS / "manifest.jsonl").open(encoding="utf-8") as manifest:
        entries = [json.loads(line) for line in manifest]
    for entry in entries:
        pages = sum(file.pages for file in found)
        if pages == most_pages:
            break
        path = DOCUMENTS / entry["file"]
        if entry["expect"] not in ("parse", "parse_bounded") or path.suffix != ".pdf":
            continue
        try:
            with patch("ingest.ocr.recognise", side_effect=_OcrAsked):
                parsed = parse(_source(path, ocr=True))
            if most_pages is not None and len(parsed.pages) > most_pages - pages:
                continue
            _pypdf_text(path)
        except (UnreadableFile, PyPdfError, _OcrAsked):
            continue
        if all(page.status == PageStatus.TEXT for page in parsed.pages):
            truth = DOCUMENTS / entry["truth"] if entry.get("truth") else None
            found.append(DigitalFile(path, truth, len(parsed.pages)))
    return found


def _source(path: Path, *, ocr: bool = False) -> Source:
    return Source(path=path, file_name=path.name, max_characters=_MOST_CHARACTERS, ocr=ocr)


def _our_text(path: Path) -> str:
    return parse(_source(path)).text


def _pypdf_text(path: Path) -> str:
    with pypdf.PdfReader(path) as reader:
        return "\n".join(page.extract_text() for page in reader.pages)


def _seconds(read: Callable[[Path], str], path: Path) -> float:
    """Return the processor time that it takes, which other work on the machine does not change much."""
    started = time.process_time()
    read(path)
    return time.process_time() - started
