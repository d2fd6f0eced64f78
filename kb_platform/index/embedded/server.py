"""Qdrant's REST routes over the collections of a folder, and one more: ranking beside the points.

Everything runs in the one event loop: the engine holds Python's lock while it works, so a thread would add a hop and
win nothing. Long work (building search graphs) happens in another process, see `optimizing`.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kb_platform.index.embedded import information, queries, updates
from kb_platform.index.embedded.catalogue import Catalogue
from kb_platform.index.embedded.collection import Collection, call_engine
from kb_platform.index.embedded.errors import BadRequest, RequestRefused
from kb_platform.index.embedded.optimizing import keep_optimised
from kb_platform.index.ranking import rank
from kb_platform.index.ranking_protocol import RANK_PATH, ranking_json, read_ranking_request

logger = logging.getLogger(__name__)
Json = Mapping[str, Any]
Handler = Callable[[Request], Awaitable[Response]]
Handle = Callable[[Request, Any], Any]
"""(request, its JSON body) → the JSON result."""
DONE = {"operation_id": 0, "status": "completed"}


def make_app(catalogue: Catalogue, api_key: str = "") -> Starlette:
    """Return the server of these collections; it closes them at its end. With `api_key`, requests without it are
    refused."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        upkeep = asyncio.create_task(keep_optimised(catalogue))
        try:
            yield
        finally:
            upkeep.cancel()
            await asyncio.gather(upkeep, return_exceptions=True)
            catalogue.close()

    routes = _Routes(catalogue)
    of_collection = "/collections/{name}"
    reads: list[tuple[str, str, Handle]] = [
        ("GET", "/", routes.version),
        ("GET", "/collections", routes.collections),
        ("GET", "/aliases", routes.aliases),
        ("GET", of_collection, routes.collection),
        ("GET", of_collection + "/exists", routes.exists),
        ("GET", of_collection + "/aliases", routes.aliases),
        ("GET", of_collection + "/points/{id}", routes.point),
        ("POST", of_collection + "/points", routes.retrieve),
        ("POST", of_collection + "/points/scroll", routes.scroll),
        ("POST", of_collection + "/points/count", routes.count),
        ("POST", of_collection + "/points/query", routes.query),
        ("POST", of_collection + "/points/query/batch", routes.query_batch),
        ("POST", of_collection + RANK_PATH, routes.rank),
    ]
    writes: list[tuple[str, str, Handle]] = [
        ("POST", "/collections/aliases", routes.change_aliases),
        ("PUT", of_collection, routes.create),
        ("DELETE", of_collection, routes.delete),
        ("PUT", of_collection + "/index", routes.create_field_index),
        ("DELETE", of_collection + "/index/{field}", routes.delete_field_index),
        ("PUT", of_collection + "/points", routes.upsert),
        ("POST", of_collection + "/points/delete", routes.delete_points),
        ("POST", of_collection + "/points/payload", routes.set_payload),
        ("PUT", of_collection + "/points/payload", routes.overwrite_payload),
        ("POST", of_collection + "/points/payload/delete", routes.delete_payload),
        ("POST", of_collection + "/points/payload/clear", routes.clear_payload),
    ]
    writable = routes.wait_until_writable
    return Starlette(
        routes=[
            *(Route(path, _endpoint(handle, api_key), methods=[method]) for method, path, handle in reads),
            *(Route(path, _endpoint(handle, api_key, writable), methods=[method]) for method, path, handle in writes),
            *(Route(path, _ready) for path in ("/readyz", "/livez", "/healthz")),
        ],
        lifespan=lifespan,
    )


class _Routes:
    """What each route does: (request, its JSON body) → the JSON result."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def wait_until_writable(self, request: Request) -> None:
        """Wait while the collection's shard is being copied; what follows without an await is then safe to write."""
        name = request.path_params.get("name", "")
        while name in self._catalogue and not self._catalogue[name].writable.is_set():
            await self._catalogue[name].writable.wait()

    def _of(self, request: Request) -> Collection:
        return self._catalogue[request.path_params["name"]]

    def version(self, _request: Request, _body: Json) -> Any:
        return information.version()

    def collections(self, _request: Request, _body: Json) -> Any:
        return {"collections": [{"name": collection.name} for collection in self._catalogue]}

    def collection(self, request: Request, _body: Json) -> Any:
        return information.collection_json(self._of(request))

    def exists(self, request: Request, _body: Json) -> Any:
        return {"exists": request.path_params["name"] in self._catalogue}

    def create(self, request: Request, body: Json) -> Any:
        self._catalogue.create(request.path_params["name"], body)
        return True

    def delete(self, request: Request, _body: Json) -> Any:
        return self._catalogue.delete(request.path_params["name"])

    def aliases(self, request: Request, _body: Json) -> Any:
        of = self._catalogue.aliases(request.path_params.get("name"))
        return {"aliases": [{"alias_name": alias, "collection_name": name} for alias, name in of]}

    def change_aliases(self, _request: Request, body: Json) -> Any:
        self._catalogue.change_aliases(body["actions"])
        return True

    def create_field_index(self, request: Request, body: Json) -> Any:
        return self._update(request, updates.read_field_index(body))

    def delete_field_index(self, request: Request, _body: Json) -> Any:
        return self._update(request, updates.read_delete_field_index(request.path_params["field"]))

    def upsert(self, request: Request, body: Json) -> Any:
        return self._update(request, updates.read_upsert(body, self._of(request).dense_sizes))

    def delete_points(self, request: Request, body: Json) -> Any:
        return self._update(request, updates.read_delete(body))

    def set_payload(self, request: Request, body: Json) -> Any:
        return self._update(request, updates.read_set_payload(body, overwrite=False))

    def overwrite_payload(self, request: Request, body: Json) -> Any:
        return self._update(request, updates.read_set_payload(body, overwrite=True))

    def delete_payload(self, request: Request, body: Json) -> Any:
        return self._update(request, updates.read_delete_payload(body))

    def clear_payload(self, request: Request, body: Json) -> Any:
        return self._update(request, updates.read_clear_payload(body))

    def retrieve(self, request: Request, body: Json) -> Any:
        records = call_engine(
            self._of(request).shard.retrieve,
            body["ids"],
            queries.with_payload(body, default=True),
            queries.with_vector(body, default=False),
        )
        return [queries.record_json(record) for record in records]

    def point(self, request: Request, _body: Json) -> Any:
        id_ = request.path_params["id"]
        records = call_engine(self._of(request).shard.retrieve, [int(id_) if id_.isdigit() else id_], True, True)
        return queries.record_json(records[0]) if records else None

    def scroll(self, request: Request, body: Json) -> Any:
        records, next_offset = call_engine(self._of(request).shard.scroll, queries.read_scroll(body))
        return {"points": [queries.record_json(record) for record in records], "next_page_offset": next_offset}

    def count(self, request: Request, body: Json) -> Any:
        return {"count": call_engine(self._of(request).shard.count, queries.read_count(body))}

    def query(self, request: Request, body: Json) -> Any:
        (points,) = self._of(request).query([body])
        return {"points": [queries.scored_json(point) for point in points]}

    def query_batch(self, request: Request, body: Json) -> Any:
        return self._of(request).answer(body["searches"])

    def rank(self, request: Request, body: Json) -> Any:
        return ranking_json(rank(self._of(request).answer, *read_ranking_request(body)))

    def _update(self, request: Request, operation: Any) -> Any:
        self._of(request).update(operation, int(request.headers.get("content-length", 0)))
        return DONE


def _endpoint(handle: Handle, api_key: str, ready_for: Callable[[Request], Awaitable[None]] | None = None) -> Handler:
    async def endpoint(request: Request) -> Response:
        begin = time.perf_counter()
        try:
            _check_key(request, api_key)
            body = await _body(request)
            if ready_for is not None:
                await ready_for(request)
            result = handle(request, body)
        except RequestRefused as refused:
            return _json({"status": {"error": str(refused)}, "time": 0.0}, refused.status)
        except (KeyError, TypeError, AttributeError) as error:
            logger.info("request not understood: %s %s", request.method, request.url.path, exc_info=True)
            return _json({"status": {"error": f"Wrong input: {error!r}"}, "time": 0.0}, 400)
        if request.url.path == "/":
            return _json(result)
        return _json({"result": result, "status": "ok", "time": time.perf_counter() - begin})

    return endpoint


async def _body(request: Request) -> Any:
    raw = await request.body()
    if not raw:
        return {}
    # A page in a browser may post plain text to this address unasked, but not JSON.
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise BadRequest("the body must be application/json")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error


def _check_key(request: Request, api_key: str) -> None:
    if api_key and not hmac.compare_digest(request.headers.get("api-key", "").encode(), api_key.encode()):
        raise KeyRefused("Must provide an API key")


class KeyRefused(RequestRefused):
    status = 401


async def _ready(_request: Request) -> Response:
    return Response("all shards are ready\n", media_type="text/plain")


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")
