"""Passages of documents and of the web in one order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from inference.websearch.likeness import order_by_likeness
from kb_platform.domain.chunk import Hit
from kb_platform.domain.errors import Unavailable
from kb_platform.embedding import EmbeddingModel
from kb_platform.retrieval.reranking import Reranker

log = logging.getLogger(__name__)

LEAST_OF_DOCUMENTS = 3
"""Best passages of the documents that the web cannot displace (at most half of all): of an organisation's own affairs
they know more."""


def rank_together(
    query: str,
    documents: Sequence[Hit],
    web: Sequence[Hit],
    limit: int,
    embedding: EmbeddingModel,
    reranker: Reranker | None,
) -> list[Hit]:
    """Return the `limit` best passages of both, best first: by the reranker where there is one, else by
    likeness, the same for both kinds."""
    if not web:
        return list(documents[:limit])
    hits = _reranked(query, documents, web, reranker) if reranker else None
    ordered = hits or order_by_likeness(query, [*documents, *web], embedding)
    # Retrieval knows the best documents better than likeness does, above all those in the other language.
    best = [hit for hit in hits if not hit.web] if hits else documents
    kept = [hit.chunk_id for hit in best[: min(LEAST_OF_DOCUMENTS, limit // 2)]]
    room = max(0, limit - len(kept))
    others = {hit.chunk_id for hit in [hit for hit in ordered if hit.chunk_id not in kept][:room]}
    return [hit for hit in ordered if hit.chunk_id in kept or hit.chunk_id in others][:limit]


def _reranked(query: str, documents: Sequence[Hit], web: Sequence[Hit], reranker: Reranker) -> list[Hit] | None:
    known = [hit for hit in documents if hit.scores.reranked is not None]
    unknown = [*(hit for hit in documents if hit.scores.reranked is None), *web]
    try:
        scores = reranker.scores(query, [f"{hit.document_title}\n{hit.text}" for hit in unknown])
    except Unavailable as error:
        log.warning("%s Passages of the web are ordered by likeness.", error.message)
        return None
    rated = [
        replace(hit, scores=replace(hit.scores, reranked=score)) for hit, score in zip(unknown, scores, strict=True)
    ]
    return sorted([*known, *rated], key=lambda hit: -(hit.scores.reranked or 0.0))
