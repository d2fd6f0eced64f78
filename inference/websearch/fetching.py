"""The one function through which the platform reads a page of the web.

Every connection goes to an address that was resolved and checked in the same step (`GuardedNetwork`), so a name that
answers differently the second time gains nothing, and a redirect is a new page with all checks from the start. Nothing
of the environment's proxies, cookies or credentials takes part.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urljoin

import httpcore

from inference.websearch.addresses import WebAddress, is_public, web_address
from kb_platform.domain.errors import AddressRefused, PageUnreadable
from kb_platform.version import VERSION

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port → its addresses, as text."""

REDIRECTS = (301, 302, 303, 307, 308)
READABLE = ("text/html", "application/xhtml+xml", "text/plain")


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """`bytes` bounds what is received and what it unpacks to, each; `seconds` bounds all of it together."""

    bytes: int = 2 * 1024 * 1024
    seconds: float = 8.0
    redirects: int = 4


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as it came: `url` is where the redirects ended."""

    url: str
    content_type: str
    body: bytes


async def resolve(host: str, port: int) -> list[str]:
    """Return all addresses that the system's resolver gives. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections to public addresses only: a name with one address that is not public is refused whole."""

    def __init__(self, resolve: Resolve = resolve, network: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._resolve = resolve
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises AddressRefused, or httpcore's ConnectError."""
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        if not addresses or not all(is_public(address) for address in addresses):
            raise AddressRefused(f"“{host}” does not lead to a public website.")
        return await self._network.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, path: str, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """Raises AddressRefused: no page lies behind a socket of this machine."""
        raise AddressRefused(f"“{path}” is not a website.")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


async def fetch_page(url: str, network: httpcore.AsyncNetworkBackend, limits: FetchLimits) -> FetchedPage:
    """Return the page. Raises AddressRefused where it must not be fetched, PageUnreadable where it cannot be."""
    try:
        async with asyncio.timeout(limits.seconds):
            return await _follow(url, network, limits)
    except TimeoutError as error:
        raise PageUnreadable(f"The page did not come within {limits.seconds:.0f} seconds.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, ssl.SSLError) as error:
        raise PageUnreadable(f"The page cannot be read: {error!r}") from error


async def _follow(url: str, network: httpcore.AsyncNetworkBackend, limits: FetchLimits) -> FetchedPage:
    for _ in range(limits.redirects + 1):
        address = web_address(url)
        answer = await _ask(address, network, limits)
        if isinstance(answer, FetchedPage):
            return answer
        url = urljoin(address.url, answer)
    raise PageUnreadable("The page redirects again and again.")


async def _ask(address: WebAddress, network: httpcore.AsyncNetworkBackend, limits: FetchLimits) -> FetchedPage | str:
    """Return the page, or where it redirects to."""
    headers: dict[bytes | str, bytes | str] = {
        "Host": address.host,
        "User-Agent": f"kb-platform/{VERSION} (web search)",
        "Accept": ", ".join(READABLE),
        "Accept-Encoding": "gzip",
    }
    target = httpcore.URL(
        scheme=address.scheme.encode(), host=address.host.encode(), port=address.port, target=address.target.encode()
    )
    async with (
        httpcore.AsyncConnectionPool(
            ssl_context=_certificates(), network_backend=network, max_connections=1, retries=0
        ) as pool,
        pool.stream("GET", target, headers=headers) as response,
    ):
        given = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
        if response.status in REDIRECTS and given.get("location"):
            return given["location"]
        if response.status != 200:
            raise PageUnreadable(f"The page's server answered {response.status}.")
        kind = given.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in READABLE:
            raise PageUnreadable(f"Pages of the type “{kind[:60]}” are not read.")
        unpack = _Unpacking(given.get("content-encoding", ""), limits.bytes)
        async for data in response.aiter_stream():
            unpack.take(data)
        return FetchedPage(address.url, given.get("content-type", ""), unpack.finish())


@functools.cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Unpacking:
    """Takes a body apart as it comes. Raises PageUnreadable as soon as it is too large, packed or unpacked."""

    def __init__(self, encoding: str, most: int) -> None:
        coding = encoding.strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise PageUnreadable(f"The page is packed in a way that was not asked for ({coding[:30]}).")
        self._gzip = zlib.decompressobj(wbits=31) if "gzip" in coding else None
        self._most = most
        self._received = 0
        self._body = bytearray()

    def take(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self._most:
            self._refuse()
        if self._gzip is None:
            self._body += data
            return
        try:
            self._body += self._gzip.decompress(data, self._most - len(self._body) + 1)
        except zlib.error as error:
            raise PageUnreadable("The page is damaged.") from error
        if len(self._body) > self._most or self._gzip.unconsumed_tail:
            self._refuse()

    def finish(self) -> bytes:
        return bytes(self._body)

    def _refuse(self) -> None:
        raise PageUnreadable(f"The page is larger than {self._most // 1024} KiB.")
