"""What this installation is and can read."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from ingest.parsers import SUPPORTED_SUFFIXES
from kb_platform import access
from kb_platform.accounts import Principal
from kb_platform.domain.answer import Answerer
from kb_platform.version import VERSION
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.common import Health, System
from web.services import Services

MIB = 1024 * 1024

health = APIRouter(tags=["system"])
router = APIRouter(prefix="/system", tags=["system"])


@health.get("/health", operation_id="get_health", openapi_extra={"security": []})
async def get_health() -> Health:
    """Answers once everything is loaded."""
    return Health(status="ok", version=VERSION)


@router.get("", operation_id="get_system")
async def get_system(caller: Caller, services: ServicesDep) -> System:
    """Version, who answers, and what uploads may hold."""
    models = await services.models.names(caller)
    web_search = await asyncio.to_thread(_web_search, caller, services)
    settings = services.settings
    return System(
        version=VERSION,
        answerer=Answerer.MODEL if models else Answerer.EXTRACTIVE,
        model=models[0] if models else "",
        models=models,
        embedding_model=services.embedding.name,
        formats=sorted({*SUPPORTED_SUFFIXES, *settings.ingest.readers}),
        web_search=web_search,
        max_upload_bytes=settings.server.max_upload_mib * MIB,
    )


def _web_search(caller: Principal, services: Services) -> str:
    if services.web is None:
        return "not_configured"
    with services.database.reading() as session:
        return "available" if access.may_search_web(session, caller) else "not_allowed"
