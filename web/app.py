"""Composition root of the web process: wires the concrete parts and gives them to the routes."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from celery import Celery
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from kb_platform.accounts import ensure_administrator
from kb_platform.database.engine import Database, open_database
from kb_platform.domain.errors import IndexUnavailable
from kb_platform.files import FileStore
from kb_platform.queue import make_celery
from kb_platform.settings import Settings
from kb_platform.version import VERSION
from web import security_txt
from web.api.errors import install_error_mapping
from web.api.routes import install_api
from web.auditing import Audit
from web.mcp_server import PATH as MCP_PATH
from web.mcp_server import McpEndpoint
from web.models import Models
from web.openapi import describe
from web.originals import Originals
from web.pages import pages
from web.rate_limits import Counters, RateLimits
from web.security import BodyLimit, SecurityHeaders
from web.services import Services
from web.throttle import SignInThrottle
from web.widget_pages import widget_pages

log = logging.getLogger(__name__)

THREADS = 40
NOBODY_READS_THIS = 499


def create_app(settings: Settings) -> FastAPI:
    """Return the application. Everything heavy is loaded when it starts, not here."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # asyncio's own pool has six threads on a small machine: a few live views would keep answers waiting.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "web"))
        services = await asyncio.to_thread(wire, settings)
        app.state.services = services
        try:
            async with mcp.running():
                yield
        finally:
            await services.models.aclose()
            services.index.close()
            services.database.close()

    mcp = McpEndpoint()
    app = FastAPI(
        title="Knowledge base platform",
        version=VERSION,
        lifespan=lifespan,
        openapi_url=None,  # described by a route that needs a signed-in caller, like all others
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.add_middleware(Audit, settings=settings)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders, is_https=settings.server.secure_cookies)
    install_error_mapping(app)
    app.exception_handler(ClientDisconnect)(_gone)
    install_api(app)
    app.router.routes.append(Route(MCP_PATH, mcp))
    app.include_router(security_txt.router)
    app.include_router(widget_pages())
    app.include_router(pages())
    description: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not description:
            description.update(describe(app))
        return description

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def wire(settings: Settings) -> Services:
    """Open and load everything. The tables are there already (`kb_platform.database.migrate`); the index may still be
    starting."""
    import openai.resources  # noqa: F401  # or the first question would wait for a second until it is loaded

    import inference.answering  # noqa: F401  # likewise
    from inference.entailment import load_entailment
    from inference.websearch.search import open_web_search
    from kb_platform.embedding import load_embedding
    from kb_platform.index import VectorIndex
    from kb_platform.retrieval import Retriever
    from kb_platform.retrieval.postprocessing import load_postprocessors
    from kb_platform.retrieval.reranking import load_reranker
    from web.single_sign_on import open_single_sign_on

    database = open_database(settings)
    _make_administrator(database, settings)
    files = FileStore(settings.data_dir / "files")
    embedding = load_embedding(settings.embedding, settings.data_dir)
    index = VectorIndex(settings.index, embedding.name, embedding.dimension)
    try:
        index.ensure_collection()
    except IndexUnavailable as error:
        log.warning("%s Searching works when it answers.", error.message)
    counters = Counters(settings.queue.url.get_secret_value())
    reranker = load_reranker(settings.reranking)
    return Services(
        settings=settings,
        database=database,
        files=files,
        embedding=embedding,
        index=index,
        retriever=Retriever(
            database,
            index,
            embedding,
            settings.retrieval,
            reranker,
            settings.reranking.candidates,
            load_postprocessors(settings.retrieval.node_postprocessors),
        ),
        reranker=reranker,
        entailment=load_entailment(settings.answering),
        web=open_web_search(settings.web_search, embedding),
        celery=_impatient(make_celery(settings.queue)),
        originals=Originals(files, settings.data_dir / "cache"),
        models=Models(database, settings),
        sign_in_throttle=SignInThrottle(counters),
        single_sign_on=open_single_sign_on(settings),
        rate_limits=RateLimits(counters, settings.limits),
    )


def _impatient(celery: Celery) -> Celery:
    """Let a queue that is away be noticed at once: Celery would try for six seconds, with a request waiting."""
    once = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
    celery.conf.broker_transport_options = {**celery.conf.broker_transport_options, **once}
    return celery


def _make_administrator(database: Database, settings: Settings) -> None:
    made = ensure_administrator(database, settings.security)
    if made is not None and made.password is not None:
        # Straight to the terminal, not into a log that is kept: this is the only time that it can be read.
        print(f"First administrator: {made.email}  password: {made.password}", file=sys.stderr, flush=True)


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=NOBODY_READS_THIS)
