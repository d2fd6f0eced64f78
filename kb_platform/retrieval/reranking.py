"""A second look at the best passages by a model that reads question and passage together (a cross-encoder; Nogueira
and Cho 2019, "Passage Re-ranking with BERT"): in this process, or behind a /rerank endpoint."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import httpx

from kb_platform.domain.chunk import Hit
from kb_platform.domain.errors import SettingsError, Unavailable
from kb_platform.settings import RerankingSettings

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class Reranker(Protocol):
    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return how well each passage answers, on a scale of the model's own, higher is better. Raises
        Unavailable."""
        ...


class LocalReranker:
    """A sentence-transformers cross-encoder in this process. Threads may share it."""

    def __init__(self, model: CrossEncoder, batch_size: int) -> None:
        self._model = model
        self._batch_size = batch_size
        self._lock = threading.Lock()

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        with self._lock:
            scores = self._model.predict(
                [(query, passage) for passage in passages], batch_size=self._batch_size, show_progress_bar=False
            )
        return [float(score) for score in scores]


@dataclass(frozen=True)
class RerankEndpoint:
    """A server that speaks POST /rerank as Cohere, Jina, vLLM and others do: `model`, `query` and `documents` in,
    `results` with `index` and `relevance_score` out."""

    client: httpx.Client
    model: str

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        body = {"model": self.model, "query": query, "documents": list(passages)}
        try:
            response = self.client.post("rerank", json=body)
            response.raise_for_status()
            given = {int(one["index"]): float(one["relevance_score"]) for one in response.json()["results"]}
            return [given[place] for place in range(len(passages))]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"The reranking endpoint did not rate the passages: {error!r}") from error


def load_reranker(settings: RerankingSettings) -> Reranker | None:
    """Return the configured reranker, None where there is none. Raises SettingsError when it cannot be loaded."""
    if settings.base_url:
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        client = httpx.Client(
            base_url=settings.base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=settings.timeout_seconds,
        )
        return RerankEndpoint(client, settings.model)
    if not settings.model:
        return None
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(settings.model, device=settings.device or None, max_length=settings.max_tokens)
    except (OSError, ValueError) as error:
        raise SettingsError(f"The reranking model {settings.model!r} cannot be loaded: {error}") from error
    return LocalReranker(model, settings.batch_size)


def rerank(reranker: Reranker, query: str, hits: Sequence[Hit], candidates: int) -> list[Hit]:
    """Return the hits with the first `candidates` of them in the reranker's order and its scores; the rest follow as
    they were. Raises Unavailable."""
    first, rest = hits[:candidates], hits[candidates:]
    if not first:
        return list(hits)
    texts = [f"{hit.context}\n{hit.text}" if hit.context else hit.text for hit in first]
    scored = [
        replace(hit, scores=replace(hit.scores, reranked=score))
        for hit, score in zip(first, reranker.scores(query, texts), strict=True)
    ]
    return [*sorted(scored, key=lambda hit: -(hit.scores.reranked or 0.0)), *rest]
