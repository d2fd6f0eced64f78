"""Connecting the models that answer (administrators)."""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import APIRouter

from inference.gateway import EndpointState
from inference.probing import normalise_base_url, probe_endpoint
from kb_platform import access, model_endpoints
from kb_platform.database.tables import ModelEndpoint as Row
from kb_platform.domain.errors import InvalidInput
from kb_platform.model_endpoints import EndpointChange, Prices
from kb_platform.shares import endpoint_subjects, set_endpoint_subjects
from web.api.dependencies import Caller, ServicesDep
from web.api.schemas.model_endpoints import (
    EndpointHealth,
    ModelEndpoint,
    ModelEndpointChange,
    ModelEndpointList,
    ModelEndpointRequest,
)
from web.api.schemas.people import SubjectView
from web.api.sharing import subject_views, subjects_of_request
from web.services import Services

router = APIRouter(prefix="/model-endpoints", tags=["model endpoints"])


@router.get("", operation_id="list_model_endpoints")
async def list_model_endpoints(caller: Caller, services: ServicesDep) -> ModelEndpointList:
    """Connected endpoints; the first enabled one's name answers where nobody chooses another."""
    access.require_administrator(caller)
    rows = await asyncio.to_thread(model_endpoints.model_endpoints, services.database)
    return ModelEndpointList(
        model_endpoints=await _views(services, rows),
        configured_by_settings=bool(services.settings.model.base_url),
        currency=services.settings.model.currency,
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
        priority=body.priority,
        concurrency=body.concurrency,
        prices=Prices(body.price_cache_hit, body.price_cache_miss, body.price_output),
    )
    return await _changed(services, row)


@router.patch("/{model_endpoint_id}", operation_id="update_model_endpoint")
async def update_model_endpoint(
    model_endpoint_id: UUID, body: ModelEndpointChange, caller: Caller, services: ServicesDep
) -> ModelEndpoint:
    """Change its name, its place among others of its name, its limit, its prices, or switch it off."""
    access.require_administrator(caller)
    row = await asyncio.to_thread(_change, services, str(model_endpoint_id), body)
    return await _changed(services, row)


@router.delete("/{model_endpoint_id}", status_code=204, operation_id="delete_model_endpoint")
async def delete_model_endpoint(model_endpoint_id: UUID, caller: Caller, services: ServicesDep) -> None:
    """Forget an endpoint and its key."""
    access.require_administrator(caller)
    await asyncio.to_thread(model_endpoints.delete_model_endpoint, services.database, str(model_endpoint_id))
    services.models.look_again()


def _change(services: Services, endpoint_id: str, body: ModelEndpointChange) -> Row:
    change = EndpointChange(**body.model_dump(exclude={"subjects"}))
    row = model_endpoints.change_model_endpoint(services.database, endpoint_id, change)
    if body.subjects is not None:
        with services.database.writing() as session:
            set_endpoint_subjects(session, row.id, subjects_of_request(body.subjects))
    return row


def _subjects(services: Services) -> dict[str, list[SubjectView]]:
    with services.database.reading() as session:
        return {id_: subject_views(session, found) for id_, found in endpoint_subjects(session).items()}


async def _changed(services: Services, row: Row) -> ModelEndpoint:
    services.models.look_again()
    rows = await asyncio.to_thread(model_endpoints.model_endpoints, services.database)
    return next(view for view in await _views(services, rows) if view.id == row.id)


async def _views(services: Services, rows: list[Row]) -> list[ModelEndpoint]:
    statuses = await services.models.statuses()
    health = {
        endpoint.config.id: EndpointHealth(
            state=endpoint.state, error=endpoint.last_error, running=endpoint.running, waiting=status.waiting
        )
        for status in statuses
        for endpoint in status.endpoints
    }
    subjects = await asyncio.to_thread(_subjects, services)
    default = statuses[0].name if statuses else None
    unknown = EndpointHealth(state=EndpointState.UNKNOWN, error="", running=0, waiting=0)
    return [
        ModelEndpoint(
            id=row.id,
            name=row.name,
            base_url=row.base_url,
            model=row.model,
            context_window=row.context_window,
            is_enabled=row.is_enabled,
            is_answering=row.is_enabled and row.name == default,
            priority=row.priority,
            concurrency=row.concurrency,
            price_cache_hit=row.price_cache_hit,
            price_cache_miss=row.price_cache_miss,
            price_output=row.price_output,
            subjects=subjects.get(row.id, []),
            health=health.get(row.id, unknown),
            created_at=row.created_at,
        )
        for row in rows
    ]
