"""Searching without answering: what a retrieval finds."""

from __future__ import annotations

import time

from fastapi import APIRouter

from kb_platform import access
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.knowledge_bases import SearchRequest, SearchResult, SearchTimings

router = APIRouter(prefix="/searches", tags=["searches"])


@router.post("", operation_id="search")
def search(body: SearchRequest, caller: Caller, services: ServicesDep) -> SearchResult:
    """The best passages of these knowledge bases, with the scores that each stage gave them."""
    began = time.perf_counter()
    with services.database.reading() as session:
        scope = access.scope_of(session, caller, [str(id_) for id_ in body.knowledge_base_ids])
    found = services.retriever.search(body.query, scope, body.limit)
    return SearchResult(
        query=found.query,
        hits=list(found.hits),
        timings=SearchTimings(
            embedding=found.seconds_embedding,
            index=found.seconds_index,
            database=found.seconds_database,
            total=time.perf_counter() - began,
        ),
    )
