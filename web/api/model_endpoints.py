"""Connecting the model that answers (administrators)."""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import APIRouter

from inference.llm import normalise_base_url, probe_endpoint
from kb_platform import access, model_endpoints
from kb_platform.database.tables import ModelEndpoint as Row
from kb_platform.domain.errors import InvalidInput
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.model_endpoints import ModelEndpoint, ModelEndpointList, ModelEndpointRequest

router = APIRouter(prefix="/model-endpoints", tags=["model endpoints"])


@router.get("", operation_id="list_model_endpoints")
def list_model_endpoints(caller: Caller, services: ServicesDep) -> ModelEndpointList:
    """Connected endpoints, newest first; the newest enabled one answers."""
    access.require_administrator(caller)
    rows = model_endpoints.model_endpoints(services.database)
    by_settings = bool(services.settings.model.base_url)
    answering = None if by_settings else next((row.id for row in rows if row.is_enabled), None)
    return ModelEndpointList(
        model_endpoints=[_view(row, row.id == answering) for row in rows], configured_by_settings=by_settings
    )


@router.post("", status_code=201, operation_id="connect_model_endpoint")
async def connect_model_endpoint(body: ModelEndpointRequest, caller: Caller, services: ServicesDep) -> ModelEndpoint:
    """Ask the endpoint what it serves and, if it answers, let it answer from now on."""
    access.require_administrator(caller)
    offers = await probe_endpoint(body.base_url, body.api_key)
    chosen = next((offer for offer in offers if not body.model or offer.name == body.model), None)
    if chosen is None:
        listed = ", ".join(offer.name for offer in offers[:20])
        raise InvalidInput(f"The endpoint does not list the model {body.model}. It lists: {listed}.")
    row = await asyncio.to_thread(
        model_endpoints.add_model_endpoint,
        services.database,
        services.settings.security.secret_key,
        name=body.name or chosen.name,
        base_url=normalise_base_url(body.base_url),
        api_key=body.api_key,
        model=chosen.name,
        context_window=chosen.context_window,
    )
    return _view(row, is_answering=not services.settings.model.base_url)


@router.delete("/{model_endpoint_id}", status_code=204, operation_id="delete_model_endpoint")
def delete_model_endpoint(model_endpoint_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Forget an endpoint and its key."""
    access.require_administrator(caller)
    model_endpoints.delete_model_endpoint(services.database, str(model_endpoint_id))


def _view(row: Row, is_answering: bool) -> ModelEndpoint:
    return ModelEndpoint(
        id=row.id,
        name=row.name,
        base_url=row.base_url,
        model=row.model,
        context_window=row.context_window,
        is_enabled=row.is_enabled,
        is_answering=is_answering,
        created_at=row.created_at,
    )
