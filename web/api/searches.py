"""Searching without answering: what a retrieval finds."""

from __future__ import annotations

import time

from fastapi import APIRouter

from kb_platform import access
from kb_platform.retrieval import Retrieval
from kb_platform.retrieval.explaining import matched_spans, places_of
from kb_platform.retrieval.filters import NO_FILTER, DocumentFilter, narrow
from kb_platform.settings import RetrievalSettings
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.knowledge_bases import (
    Explanation,
    Match,
    SearchFilters,
    SearchRequest,
    SearchResult,
    SearchSettings,
    SearchTimings,
)
from web.services import Services

router = APIRouter(prefix="/searches", tags=["searches"])
OF_EITHER_LANGUAGE = frozenset({"dense_weight", "feedback_words_weight"})
"""Weights that the platform's settings keep for Chinese questions a second time; a search gives one for both."""


@router.post("", operation_id="search")
def search(body: SearchRequest, caller: Caller, services: ServicesDep) -> SearchResult:
    """The best passages of these knowledge bases, with the scores that each stage gave them."""
    began = time.perf_counter()
    with services.database.reading() as session:
        scope = access.scope_of(session, caller, [str(id_) for id_ in body.knowledge_base_ids])
        scope = narrow(session, scope, _filter(body.filters))
    found = services.retriever.search(
        body.query,
        scope,
        body.limit,
        _settings(services, body.settings),
        reranking=body.reranking,
        neighbours=body.neighbours,
    )
    return SearchResult(
        query=found.query,
        hits=list(found.hits),
        explanations=_explanations(found) if body.explain else [],
        timings=SearchTimings(
            embedding=found.seconds_embedding,
            index=found.seconds_index,
            database=found.seconds_database,
            reranking=found.seconds_reranking,
            total=time.perf_counter() - began,
        ),
    )


def _filter(wanted: SearchFilters | None) -> DocumentFilter:
    if wanted is None:
        return NO_FILTER
    return DocumentFilter(
        document_ids=None if wanted.document_ids is None else frozenset(map(str, wanted.document_ids)),
        folder=wanted.folder,
        tags=frozenset(wanted.tags),
        formats=None if wanted.formats is None else frozenset(wanted.formats),
        added_from=wanted.added_from,
        added_until=wanted.added_until,
    )


def _settings(services: Services, wanted: SearchSettings | None) -> RetrievalSettings | None:
    if wanted is None:
        return None
    changed = wanted.model_dump(exclude_none=True)
    chinese = {f"chinese_{name}": value for name, value in changed.items() if name in OF_EITHER_LANGUAGE}
    return services.settings.retrieval.model_copy(update=changed | chinese)


def _explanations(found: Retrieval) -> list[Explanation]:
    # What was reranked has a score that the candidates did not have yet.
    places = places_of(list((dict(found.ranked) | {hit.chunk_id: hit.scores for hit in found.hits}).items()))
    return [
        Explanation(
            places=places[hit.chunk_id],
            matches=[Match(start=start, end=end) for start, end in matched_spans(found.query, hit.text)],
        )
        for hit in found.hits
    ]
