"""From upload to searchable, beside the embedding model's bare rate, a 30-line script, and pypdf.

Every figure is a ratio of two things that this run measured on this machine. The bare rate is the model that the
platform uses (its fastest type whose vectors agree with float32 to .999) over the very texts that the platform embeds,
in one process, with nothing else going on. A machine's speed may change by a fifth within minutes, so uploads and bare
embedding take turns, and each upload is compared with the bare rates right before and after it.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from sqlalchemy import select

from benchmarks.extraction import QUICK_PAGES, DigitalFile, digital_files, measure_extraction
from benchmarks.figures import Figure, progress
from benchmarks.ingest_script import ingest
from benchmarks.kill_faults import make_file
from benchmarks.open_webui import measure_open_webui
from benchmarks.platform import (
    Platform,
    children_of,
    make_knowledge_base,
    process_of,
    running_platform,
    services_of,
    upload,
    wait_until_read,
)
from ingest.services import IngestServices
from kb_platform.database.tables import ChunkRow, Document, DocumentVersion
from kb_platform.embedding.builtin import builtin_checkpoint
from kb_platform.embedding.loading import fastest_dtype

NAME = "ingest-speed"
PAGES, QUICK_UPLOAD_PAGES = 250, 8
ROUNDS, QUICK_ROUNDS = 5, 1
SMALL_FILES, QUICK_SMALL_FILES = 1000, 6
LONG_SECTIONS, QUICK_LONG_SECTIONS = 600, 24
BATCH, QUICK_BATCH = 50, 3
MIB = 1024 * 1024


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures. `quick` takes a few files of each kind, and leaves out the script."""
    yield from measure_extraction(quick)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        platform = stack.enter_context(running_platform(folder / "data"))
        services = stack.enter_context(services_of(platform))
        if not quick:  # whose first upload is not counted either
            _warm_up(platform, folder)
        files = digital_files(QUICK_PAGES if quick else None)
        paths, pages = _chosen(files, QUICK_UPLOAD_PAGES if quick else PAGES)
        ours, figures = _against_bare(platform, services, paths, pages, QUICK_ROUNDS if quick else ROUNDS)
        yield from figures
        yield Figure(NAME, "pages_s", pages / ours, "pages/s", pages)
        if not quick:
            theirs = _script_seconds(paths, services)
            progress(f"the script: {theirs:.1f} s")
            yield Figure(NAME, "vs_script", theirs / ours, "times", pages)
        yield _reingest(platform, services, folder, QUICK_LONG_SECTIONS if quick else LONG_SECTIONS)
        yield from measure_open_webui(paths, pages, ours)
        yield _memory(platform, folder, *(QUICK_SMALL_FILES, QUICK_BATCH) if quick else (SMALL_FILES, BATCH))


def _against_bare(
    platform: Platform, services: IngestServices, paths: list[Path], pages: int, rounds: int
) -> tuple[float, list[Figure]]:
    """Return the mean seconds of an upload, and its share of the bare rates: of one call of the model with all threads,
    as anybody would make it, and of the fastest way known here (a pass for each core), with the least and the most of
    any round."""
    lanes = os.cpu_count() or 1
    _seconds, texts = _upload_and_wait(platform, services, paths, "not counted")  # says what will be embedded
    one_call = [_bare_seconds(services, texts)]
    uploads: list[float] = []
    in_lanes: list[float] = []
    for number in range(rounds):
        seconds, _texts = _upload_and_wait(platform, services, paths, f"pdf {number}")
        uploads.append(seconds)
        one_call.append(_bare_seconds(services, texts))
        in_lanes.append(_bare_seconds(services, texts, lanes))
        progress(
            f"{pages} pages, {len(texts)} passages: {seconds:.1f} s, bare embedding {one_call[-1]:.1f} s, "
            f"in {lanes} passes at once {in_lanes[-1]:.1f} s"
        )
    around = [(before + after) / 2 for before, after in pairwise(one_call)]
    return sum(uploads) / rounds, [
        _share("of_bare_embedding", around, uploads, pages),
        _share("of_bare_embedding_in_lanes", in_lanes, uploads, pages),
    ]


def _share(name: str, bare: list[float], ours: list[float], pages: int) -> Figure:
    each = [b / o for b, o in zip(bare, ours, strict=True)]
    return Figure(NAME, name, sum(bare) / sum(ours), "ratio", pages, (min(each), max(each)))


def _chosen(files: Sequence[DigitalFile], most_pages: int) -> tuple[list[Path], int]:
    """Return the files that have so many pages together, the same at each call."""
    chosen, pages = [], 0
    by_name = {file.path.name: file for file in files}  # two of one name would be versions of one document
    for file in by_name.values():
        if pages + file.pages <= most_pages:
            chosen.append(file.path)
            pages += file.pages
    return chosen, pages


def _warm_up(platform: Platform, folder: Path) -> None:
    """Let each of the worker's processes load its model."""
    paths = []
    for number in range(8):
        path = folder / f"warm-{number}.md"
        path.write_text(make_file(number, seed=0))
        paths.append(path)
    knowledge_base_id = make_knowledge_base(platform.client, "warm up")
    upload(platform.client, knowledge_base_id, paths)
    wait_until_read(platform.client, knowledge_base_id)


def _upload_and_wait(
    platform: Platform, services: IngestServices, paths: list[Path], name: str
) -> tuple[float, list[str]]:
    """Return the seconds from the upload until the last file is searchable, and the texts that were embedded."""
    knowledge_base_id = make_knowledge_base(platform.client, name)
    began = time.perf_counter()
    upload(platform.client, knowledge_base_id, paths)
    _wait(services, knowledge_base_id, len(paths))
    seconds = time.perf_counter() - began
    with services.database.reading() as session:
        rows = session.scalars(
            select(ChunkRow)
            .join(Document, Document.current_version_id == ChunkRow.version_id)
            .where(Document.knowledge_base_id == knowledge_base_id)
        )
        return seconds, [row.embedding_text for row in rows]


def _wait(services: IngestServices, knowledge_base_id: str, documents: int, after: str = "") -> None:
    """Wait until so many documents have a version in use (other than `after`). Raises RuntimeError when one failed."""
    while True:
        with services.database.reading() as session:
            rows = session.execute(
                select(Document.current_version_id, DocumentVersion.state, DocumentVersion.error_message)
                .join(DocumentVersion, DocumentVersion.document_id == Document.id)
                .where(Document.knowledge_base_id == knowledge_base_id)
            ).all()
        for row in rows:
            if row.state == "failed":
                raise RuntimeError(f"a file failed: {row.error_message}")
        ready = {row.current_version_id for row in rows if row.current_version_id not in (None, after)}
        if len(ready) == documents:
            return
        time.sleep(0.1)  # each look costs processor time that the upload would have


def _bare_seconds(services: IngestServices, texts: list[str], lanes: int = 1) -> float:
    services.embedding.embed_passages(texts[:8], lanes)
    began = time.perf_counter()
    services.embedding.embed_passages(texts, lanes)
    return time.perf_counter() - began


def _script_seconds(paths: list[Path], services: IngestServices) -> float:
    checkpoint = str(builtin_checkpoint(services.settings.data_dir))
    dtype = fastest_dtype("cpu")  # the one that the platform takes: some processors are slow at the stored one
    began = time.perf_counter()
    ingest(paths, checkpoint, dtype, services.settings.index.url, _index_key(services))
    return time.perf_counter() - began


def _index_key(services: IngestServices) -> str:
    key = services.settings.index.api_key
    return key.get_secret_value() if key else ""


def _reingest(platform: Platform, services: IngestServices, folder: Path, sections: int) -> Figure:
    """One long document, then the same with one section in a hundred changed."""
    path = folder / "long.md"
    text = "\n\n".join(make_file(number, seed=7) for number in range(sections // 3))
    path.write_text(text)
    knowledge_base_id = make_knowledge_base(platform.client, "long")
    began = time.perf_counter()
    document_id = upload(platform.client, knowledge_base_id, [path])["documents"][0]["id"]
    _wait(services, knowledge_base_id, 1)
    full = time.perf_counter() - began
    with services.database.reading() as session:
        first = session.get_one(Document, document_id).current_version_id or ""
        passages = session.get_one(DocumentVersion, first).chunks_total
    for number in range(5, sections // 3, 100):  # the title stays: it is embedded with every passage
        text = text.replace(f"第{number}-0-0条", f"第{number}-0-0条（修订）")
    path.write_text(text)
    began = time.perf_counter()
    upload(platform.client, knowledge_base_id, [path])
    _wait(services, knowledge_base_id, 1, after=first)
    again = time.perf_counter() - began
    progress(f"{passages} passages: {full:.1f} s, with 1 % changed {again:.2f} s")
    return Figure(NAME, "reingest_of_full", again / full, "ratio", passages)


def _memory(platform: Platform, folder: Path, files: int, batch: int) -> Figure:
    """How much more the worker's processes hold with the last tenth of the files than with the first: the most of
    each, since a process that is just being replaced holds little."""
    knowledge_base_id = make_knowledge_base(platform.client, "many")
    paths = []
    for number in range(files):
        path = folder / f"many-{number}.md"
        path.write_text(make_file(number, seed=3))
        paths.append(path)
    held = []
    for first in range(0, files, batch):
        upload(platform.client, knowledge_base_id, paths[first : first + batch])
        wait_until_read(platform.client, knowledge_base_id)
        held.append(_worker_rss(platform))
        progress(f"{first + batch} files: {held[-1]:.0f} MiB")
    tenth = max(1, len(held) // 10)
    return Figure(NAME, "rss_growth_mib", max(held[-tenth:]) - max(held[:tenth]), "MiB", files)


def _worker_rss(platform: Platform) -> float:
    """Return the resident memory of the worker and all that it started, in MiB."""
    waiting = process_of(platform, "worker")
    total = 0
    while waiting:
        pid = waiting.pop()
        waiting += children_of(pid)
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except FileNotFoundError:
            continue
        total += pages * 4096
    return total / MIB
