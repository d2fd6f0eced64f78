"""Searching without answering: what a retrieval finds."""

from __future__ import annotations

import time

from fastapi import APIRouter

from kb_platform import access
from kb_platform.retrieval import Retrieval
from kb_platform.retrieval.explaining import matched_spans, places_of
from kb_platform.settings import RetrievalSettings
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.knowledge_bases import Explanation, SearchRequest, SearchResult, SearchSettings, SearchTimings
from web.services import Services

router = APIRouter(prefix="/searches", tags=["searches"])


@router.post("", operation_id="search")
def search(body: SearchRequest, caller: Caller, services: ServicesDep) -> SearchResult:
    """The best passages of these knowledge bases, with the scores that each stage gave them."""
    began = time.perf_counter()
    with services.database.reading() as session:
        scope = access.scope_of(session, caller, [str(id_) for id_ in body.knowledge_base_ids])
    found = services.retriever.search(body.query, scope, body.limit, _settings(services, body.settings))
    return SearchResult(
        query=found.query,
        hits=list(found.hits),
        explanations=_explanations(found) if body.explain else [],
        timings=SearchTimings(
            embedding=found.seconds_embedding,
            index=found.seconds_index,
            database=found.seconds_database,
            total=time.perf_counter() - began,
        ),
    )


def _settings(services: Services, wanted: SearchSettings | None) -> RetrievalSettings | None:
    if wanted is None:
        return None
    changed = wanted.model_dump(exclude_none=True)
    if "dense_weight" in changed:
        changed["chinese_dense_weight"] = changed["dense_weight"]
    return services.settings.retrieval.model_copy(update=changed)


def _explanations(found: Retrieval) -> list[Explanation]:
    places = places_of(found.ranked)
    return [
        Explanation(places=places[hit.chunk_id], matches=matched_spans(found.query, hit.text)) for hit in found.hits
    ]
