"""All routes of the API. What is neither in `PUBLIC` nor a health check needs a signed-in caller, by one dependency of
all other routers."""

from __future__ import annotations

from fastapi import Depends, FastAPI

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
from web.api.openai import OPENAI_PREFIX, OPENAI_ROUTERS, OPENAI_TAG

PREFIX = "/api/v1"
PUBLIC = (sessions.public, single_sign_on.router, invitations.public, widgets.public)
"""Ways in: nobody is signed in yet."""
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
    feedback.router,
    model_endpoints.router,
    usage.router,
    audit_events.router,
    web_search.router,
)


def install_api(app: FastAPI) -> None:
    """Give the application all routes of the API.

    Each router by itself: in a router of routers FastAPI matches a request again at every level. Routes are tried in
    order, so those come first of which each millisecond is seen.
    """
    guard = [Depends(signed_in)]
    for router in OPENAI_ROUTERS:
        app.include_router(router, prefix=OPENAI_PREFIX, tags=[OPENAI_TAG], dependencies=guard)
    for router in (searches.router, conversations.router):
        app.include_router(router, prefix=PREFIX, dependencies=guard)
    app.include_router(system.health)
    for public in PUBLIC:
        app.include_router(public, prefix=PREFIX)
    for router in RESOURCES:
        app.include_router(router, prefix=PREFIX, dependencies=guard)
    app.include_router(documentation.router, dependencies=guard)
