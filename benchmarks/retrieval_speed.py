"""What retrieval adds to the bare embedding of the question, through the API, and how it grows with the corpus.

The corpus is made: vectors between those of real passages, texts cut from them, twenty knowledge bases, documents of
fifty passages, in the real database and the real index. Each search names five of the twenty. `added_p95_ms_SIZE` is
the client's whole wait for POST /searches less the time that the server says its embedding took; `recall10_vs_exact`
compares the ten nearest among what a search brings with those of an exact scan under the same filter.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models
from sqlalchemy import insert, select

from benchmarks.figures import Figure, progress
from benchmarks.made_corpus import DOCUMENT_CHUNKS, Batch, MadeDocument, Seeds, index_batch, open_index
from benchmarks.platform import Platform, make_knowledge_base, running_platform
from benchmarks.question_sets import FOLDER, load_question_set
from kb_platform.database.engine import Database, open_database
from kb_platform.database.tables import ChunkRow, Document, DocumentVersion, User, VersionState
from kb_platform.domain.access import AccessScope
from kb_platform.embedding import EmbeddingModel, load_embedding
from kb_platform.index import VectorIndex
from kb_platform.settings import EmbeddingSettings, IndexSettings, RetrievalSettings, Settings

NAME = "retrieval-speed"
SOURCES = ("squad2_dev", "cmrc2018_dev")
KNOWLEDGE_BASES = 20
SEARCHED = 5
CANDIDATES = RetrievalSettings().candidates
STEP = 1000
PROCESSES = os.cpu_count() or 1
SIZES = {"100k": 100_000, "1m": 1_000_000}
QUICK_SIZES = {"5k": 5_000}
OPTIMISING_SECONDS = 3600
RESTING_SECONDS = 20
WRITE_SECONDS = 600
FEWEST_WITH_GRAPH = 20_000
"""The engine scans fewer passages than about so many one by one."""


def measure(quick: bool) -> Iterator[Figure]:
    """Yield the figures. `quick` measures 5,000 passages only, under that name."""
    if not FOLDER.is_dir():
        raise FileNotFoundError(f"the question sets are not at {FOLDER}")
    with tempfile.TemporaryDirectory() as folder, running_platform(Path(folder) / "data") as platform:
        embedding = load_embedding(EmbeddingSettings(), platform.data_dir)
        seeds = _seeds(embedding, passages=150 if quick else 600, questions=60 if quick else 300)
        corpus = _Corpus(platform, embedding, seeds)
        p95: dict[str, float] = {}
        recall = 0.0
        for label, size in (QUICK_SIZES if quick else SIZES).items():
            corpus.grow_to(size)
            progress(f"{size} passages: waiting for the search graph")
            corpus.wait_until_optimised()
            waits = corpus.added_milliseconds()
            p95[label] = float(np.percentile(waits, 95))
            yield Figure(NAME, f"added_p50_ms_{label}", float(np.percentile(waits, 50)), "ms", len(waits))
            yield Figure(NAME, f"added_p95_ms_{label}", p95[label], "ms", len(waits))
            recall = corpus.recall()
            yield Figure(NAME, f"recall10_vs_exact_{label}", recall, "share", len(seeds.questions))
        if not quick:
            yield Figure(NAME, "p95_growth_1m", p95["1m"] / p95["100k"], "times", len(seeds.questions))
            yield Figure(NAME, "recall10_vs_exact", recall, "share", len(seeds.questions))


def _seeds(embedding: EmbeddingModel, passages: int, questions: int) -> Seeds:
    sets = [load_question_set(name) for name in SOURCES]
    rng = np.random.default_rng(0)
    texts = [passage.text for one in sets for passage in one.passages]
    chosen = [texts[i] for i in rng.choice(len(texts), passages, replace=False)]
    asked = [question.text for one in sets for question in one.questions]
    drawn = [asked[i] for i in rng.choice(len(asked), 2 * questions, replace=False)]
    progress(f"embedding {passages} real passages")
    return Seeds(
        embedding.embed_passages(chosen),
        tuple(chosen),
        tuple(drawn[:questions]),
        tuple(drawn[questions:]),
    )


class _Corpus:
    """The made corpus inside a running platform."""

    def __init__(self, platform: Platform, embedding: EmbeddingModel, seeds: Seeds) -> None:
        self._platform = platform
        self._embedding = embedding
        self._seeds = seeds
        self._database: Database = open_database(Settings(data_dir=platform.data_dir))
        self._index_settings = settings = _index_settings(platform.data_dir)
        self._index = VectorIndex(settings, embedding.name, embedding.dimension)
        self._index.ensure_collection()
        self._qdrant = QdrantClient(
            url=settings.url,
            api_key=settings.api_key.get_secret_value() if settings.api_key else None,
            timeout=120,
            check_compatibility=False,
        )
        self._bases = [make_knowledge_base(platform.client, f"base {n}") for n in range(KNOWLEDGE_BASES)]
        self._planned = self._size = 0

    def grow_to(self, size: int) -> None:
        """Add passages in documents of their own: their points by processes beside this one, their rows by it."""
        batches = [self._new_batch(min(STEP, size - first)) for first in range(self._size, size, STEP)]
        one = multiprocessing.get_context("spawn")
        known = (self._seeds, self._index_settings, self._embedding.name, self._embedding.dimension)
        with ProcessPoolExecutor(PROCESSES, one, open_index, known) as pool:
            for batch, rows in zip(batches, pool.map(index_batch, batches), strict=True):
                self._store(batch, rows)
                if self._size % (20 * STEP) == 0:
                    progress(f"{self._size} passages")

    def wait_until_optimised(self) -> None:
        """Wait until most vectors are in a graph and no more come (the engine leaves its newest without one)."""
        deadline = time.monotonic() + OPTIMISING_SECONDS
        known, since = -1, time.monotonic()
        while time.monotonic() < deadline:
            info = self._qdrant.get_collection(self._index.collection)
            points, indexed = info.points_count or 0, info.indexed_vectors_count or 0
            if indexed != known:
                known, since = indexed, time.monotonic()
            rests = time.monotonic() - since >= RESTING_SECONDS
            if points < FEWEST_WITH_GRAPH or (rests and indexed >= 1.5 * points):  # dense and sparse count each
                return
            time.sleep(2)
        raise TimeoutError("the search graph was not built in time")

    def added_milliseconds(self) -> list[float]:
        """Search with each question; return the waits less the embedding."""
        for question in self._seeds.others:
            self._added_by(question)
        return [self._added_by(question) for question in self._seeds.questions]

    def _added_by(self, question: str) -> float:
        body = {"query": question, "knowledge_base_ids": self._bases[:SEARCHED], "limit": 8}
        began = time.perf_counter()
        answer = self._platform.client.post("/api/v1/searches", json=body)
        waited = time.perf_counter() - began
        answer.raise_for_status()
        found = answer.json()
        if not found["hits"]:
            raise RuntimeError("a search found nothing")
        return float(1000 * (waited - found["timings"]["embedding"]))

    def recall(self) -> float:
        """Return how many of the ten nearest of an exact scan a search has among its candidates' ten nearest, on
        average."""
        scope = AccessScope("benchmark", frozenset(self._bases[:SEARCHED]))
        shares = []
        for question in self._seeds.questions:
            vector = self._embedding.embed_query(question)
            candidates = self._index.search(vector, question, scope, CANDIDATES)
            cosines = {one.id: one.dense for one in candidates if one.dense is not None}
            found = set(sorted(cosines, key=cosines.__getitem__, reverse=True)[:10])
            shares.append(len(found & self._ten_nearest(vector)) / 10)
        return float(np.mean(shares))

    def _ten_nearest(self, vector: NDArray[np.float32]) -> set[str]:
        scope = models.Filter(
            must=[
                models.FieldCondition(key="published", match=models.MatchValue(value=True)),
                models.FieldCondition(key="knowledge_base_id", match=models.MatchAny(any=self._bases[:SEARCHED])),
            ]
        )
        answer = self._qdrant.query_points(
            self._index.collection,
            query=vector.tolist(),
            using="dense",
            query_filter=scope,
            limit=10,
            search_params=models.SearchParams(exact=True),
            with_payload=False,
        )
        return {str(point.id) for point in answer.points}

    def _new_batch(self, count: int) -> Batch:
        first = self._planned
        self._planned += count
        bases = [
            self._bases[n // DOCUMENT_CHUNKS % KNOWLEDGE_BASES] for n in range(first, first + count, DOCUMENT_CHUNKS)
        ]
        return Batch(first, count, tuple(MadeDocument(base, str(uuid.uuid4()), str(uuid.uuid4())) for base in bases))

    def _store(self, batch: Batch, rows: list[dict[str, object]]) -> None:
        with self._database.writing() as session:
            user_id = session.scalars(select(User.id)).first()
            documents = [
                {
                    "id": made.document_id,
                    "knowledge_base_id": made.knowledge_base_id,
                    "name": made.document_id,
                    "live_path": made.document_id,
                    "current_version_id": made.version_id,
                    "created_by": user_id,
                }
                for made in batch.documents
            ]
            versions = [
                {
                    "id": made.version_id,
                    "document_id": made.document_id,
                    "number": 1,
                    "file_sha256": "0" * 64,
                    "file_bytes": 1,
                    "state": VersionState.READY,
                    "embedding_model": self._embedding.name,
                    "created_by": user_id,
                }
                for made in batch.documents
            ]
            session.execute(insert(Document), documents)
            session.execute(insert(DocumentVersion), versions)
            session.execute(insert(ChunkRow), rows)
        self._size += batch.count


def _index_settings(data_dir: Path) -> IndexSettings:
    state = json.loads((data_dir / "run" / "state.json").read_text())
    (port,) = (process["port"] for process in state["processes"] if process["name"] == "index")
    key = json.loads((data_dir / "secrets.json").read_text())["index_key"]
    # While a shard of gigabytes is copied, writes wait.
    return IndexSettings.model_validate(
        {"url": f"http://127.0.0.1:{port}", "api_key": key, "timeout_seconds": WRITE_SECONDS}
    )
