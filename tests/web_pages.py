"""The web, as far as tests need it: a search engine and sites on loopback, and names that lead there.

The fake is at the edge alone: names resolve to what a test says, and a connection to a public address ends at the
loopback server that plays it. Everything between is the product's own.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpcore

from inference.websearch.fetching import GuardedNetwork

PUBLIC = "93.184.216.34"


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})
    status: int = 200


@dataclass
class Sites:
    """What each host answers, by host and path; `asked` lists what was asked, `port` is where all of it is served."""

    pages: dict[tuple[str, str], Answer | Callable[[], Answer]] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)
    """What the search engine finds, in SearXNG's form."""
    engine_status: int = 200
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    def page(self, url: str, html: str, **headers: str) -> None:
        parts = urlsplit(url)
        given = {"Content-Type": "text/html; charset=utf-8", **headers}
        self.pages[(parts.hostname or "", parts.path or "/")] = Answer(html.encode(), given)

    def redirect(self, url: str, to: str) -> None:
        parts = urlsplit(url)
        self.pages[(parts.hostname or "", parts.path or "/")] = Answer(headers={"Location": to}, status=302)


@contextmanager
def serving(sites: Sites) -> Iterator[str]:
    """Serve all hosts on one loopback port; yield the search engine's address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = (self.headers.get("Host") or "").split(":")[0]
            path = urlsplit(self.path)
            sites.asked.append((host, self.path))
            found = sites.pages.get((host, path.path))
            if found is None and path.path == "/search":
                found = _search(sites, parse_qs(path.query))
            answer = found() if callable(found) else (found or Answer(b"not here", status=404))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sites.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _search(sites: Sites, query: dict[str, list[str]]) -> Answer:
    if query.get("format") != ["json"] or sites.engine_status != 200:
        return Answer(b"no", status=sites.engine_status if sites.engine_status != 200 else 403)
    body = {"query": query["q"][0], "number_of_results": len(sites.results), "results": sites.results}
    return Answer(json.dumps(body).encode(), {"Content-Type": "application/json"})


class Edge(httpcore.AsyncNetworkBackend):
    """The internet beyond the guard: each public address is played by the loopback server. `connected` lists the
    addresses that connections were opened to."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._real = httpcore.AnyIOBackend()
        self.connected: list[tuple[str, int]] = []

    async def connect_tcp(self, host: str, port: int, *args: Any, **more: Any) -> httpcore.AsyncNetworkStream:
        self.connected.append((host, port))
        return await self._real.connect_tcp("127.0.0.1", self._sites.port, *args, **more)

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)


def guarded(sites: Sites, names: dict[str, list[str]] | None = None) -> tuple[GuardedNetwork, Edge]:
    """Return the product's guard over the edge; names that `names` does not know resolve to a public address."""
    edge = Edge(sites)

    async def resolve(host: str, port: int) -> list[str]:
        return (names or {}).get(host, [PUBLIC])

    return GuardedNetwork(resolve, edge), edge
