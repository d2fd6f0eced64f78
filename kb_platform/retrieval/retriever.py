"""From a question to passages: embed, search, fuse, look back from the best ones, rerank; SQL has the last word."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kb_platform.database.engine import Database
from kb_platform.domain.access import AccessScope
from kb_platform.domain.chunk import Hit, Scores
from kb_platform.domain.errors import Unavailable
from kb_platform.embedding import EmbeddingModel
from kb_platform.embedding.languages import in_other_language, way_to_english
from kb_platform.index import VectorIndex
from kb_platform.index.sparse import is_chinese
from kb_platform.retrieval.duplicates import distinct
from kb_platform.retrieval.passages import read_passages, with_neighbours
from kb_platform.retrieval.reranking import Reranker, rerank
from kb_platform.settings import RetrievalSettings

if TYPE_CHECKING:
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

log = logging.getLogger(__name__)

READ_AHEAD = 2
"""Some of the best may be refused, or repeat a better one."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found for a query, best first, and where the time went. `seconds_reranking` is None where nothing was
    reranked."""

    query: str
    hits: tuple[Hit, ...]
    seconds_embedding: float
    seconds_index: float
    seconds_database: float
    ranked: tuple[tuple[str, Scores], ...] = ()
    """Every candidate with its scores, in the order that the hits were taken from."""
    seconds_reranking: float | None = None


class Retriever:
    """Finds passages. Wired once per process; threads may share it."""

    def __init__(
        self,
        database: Database,
        index: VectorIndex,
        embedding: EmbeddingModel,
        settings: RetrievalSettings,
        reranker: Reranker | None = None,
        reranked: int = 30,
        postprocessors: Sequence[BaseNodePostprocessor] = (),
    ) -> None:
        """`reranked` passages are shown to the reranker; the postprocessors see what it leaves."""
        self._database = database
        self._index = index
        self._embedding = embedding
        self._settings = settings
        self._reranker = reranker
        self._reranked = reranked
        self._postprocessors = postprocessors

    def search(
        self,
        query: str,
        scope: AccessScope,
        limit: int | None = None,
        settings: RetrievalSettings | None = None,
        *,
        reranking: bool = True,
        neighbours: bool = False,
    ) -> Retrieval:
        """Return the `limit` best passages (the settings' number when None) that the scope may read, none of which
        only repeats a better one. `settings` take the place of the process's own, for trying others out;
        `reranking` counts where a reranker is configured; `neighbours` adds the text around each passage.

        Raises IndexUnavailable. A reranker that does not answer is logged, and the order stays as it was.
        """
        began = time.perf_counter()
        vector = self._embedding.embed_query(query)
        embedded = time.perf_counter()
        settings = settings or self._settings
        wanted = settings.limit if limit is None else limit
        other = self._in_other_language(vector, query) if settings.cross_language else None
        ranked = self._index.rank(vector, query, scope, settings, wanted, other)
        found = time.perf_counter()
        allowed = self._read(ranked, scope, READ_AHEAD * wanted)
        seconds_reranking = None
        if self._reranker and reranking:
            best = list(itertools.islice(allowed, self._reranked))
            if best:
                best, seconds_reranking = self._rerank(self._reranker, query, best)
            allowed = itertools.chain(best, allowed)
        hits = list(itertools.islice(distinct(allowed), wanted))
        if self._postprocessors:
            from kb_platform.retrieval.postprocessing import postprocess

            hits = postprocess(self._postprocessors, query, hits)
        if neighbours:
            hits = with_neighbours(self._database, hits)
        seconds_database = time.perf_counter() - found - (seconds_reranking or 0.0)
        return Retrieval(
            query,
            tuple(hits),
            embedded - began,
            found - embedded,
            seconds_database,
            tuple(ranked),
            seconds_reranking,
        )

    def passages(self, chunk_ids: Sequence[str], scope: AccessScope) -> list[Hit]:
        """Return those of the passages that the scope may read now, in this order and without scores."""
        return read_passages(self._database, [(id_, Scores()) for id_ in chunk_ids], scope)

    def _read(self, ranked: Sequence[tuple[str, Scores]], scope: AccessScope, at_once: int) -> Iterator[Hit]:
        """Yield the ranked passages that the scope may read, in order, reading no further ahead than `at_once`: of
        some hundred candidates a few are wanted."""
        for first in range(0, len(ranked), at_once):
            yield from read_passages(self._database, ranked[first : first + at_once], scope)

    def _in_other_language(self, vector: NDArray[np.float32], query: str) -> NDArray[np.float32]:
        return in_other_language(vector, is_chinese=is_chinese(query), way=way_to_english(self._embedding))

    def _rerank(self, reranker: Reranker, query: str, hits: list[Hit]) -> tuple[list[Hit], float | None]:
        began = time.perf_counter()
        try:
            hits = rerank(reranker, query, hits, self._reranked)
        except Unavailable as error:
            log.warning("%s The order of the search stands.", error.message)
            return hits, None
        return hits, time.perf_counter() - began
