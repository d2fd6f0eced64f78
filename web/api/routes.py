"""All routes of the API. What is not in `PUBLIC` needs a signed-in caller, by one dependency above all routers."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from web import documentation
from web.api import (
    api_keys,
    audit_events,
    bulk_changes,
    chunks,
    conversations,
    departments,
    documents,
    feedback,
    groups,
    invitations,
    knowledge_base_documents,
    knowledge_bases,
    model_endpoints,
    people,
    searches,
    sessions,
    sharing,
    single_sign_on,
    system,
    usage,
    users,
    web_search,
    widgets,
)
from web.api.dependencies import signed_in
from web.api.openai import openai_router

PREFIX = "/api/v1"
RESOURCES = (
    sessions.router,
    users.router,
    people.router,
    departments.router,
    groups.router,
    invitations.router,
    api_keys.router,
    system.router,
    knowledge_bases.router,
    knowledge_base_documents.router,
    sharing.router,
    widgets.router,
    bulk_changes.router,
    documents.router,
    chunks.router,
    searches.router,
    conversations.router,
    feedback.router,
    model_endpoints.router,
    usage.router,
    audit_events.router,
    web_search.router,
)


def api() -> APIRouter:
    """Return the whole API."""
    root = APIRouter()
    root.include_router(system.health)
    for public in (sessions.public, single_sign_on.router, invitations.public, widgets.public):
        root.include_router(public, prefix=PREFIX)
    guarded = APIRouter(dependencies=[Depends(signed_in)])
    guarded.include_router(openai_router())  # first: routes are tried in order, and here each millisecond is seen
    for router in RESOURCES:
        guarded.include_router(router, prefix=PREFIX)
    guarded.include_router(documentation.router)
    root.include_router(guarded)
    return root
