"""A chat completion as an endpoint streams it: the request, and the chunks of its answer as JSON.

Read by aiohttp and not by the official `openai` client, which closes the connection at `[DONE]`, a moment before the
answer's end, so that each question would pay for a new one (over TLS: two round trips); and which builds a typed object
of each chunk. Together that was two milliseconds of each first token, half of them the processor's.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import urllib.request
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import orjson

CONNECT_SECONDS = 10.0
IDLE_SECONDS = 60.0
"""How long a connection is kept for the next question."""
END_SECONDS = 0.1
"""A server that keeps its answer open after saying that it is done is not waited for longer."""
READ_BYTES = 1024 * 1024
"""Most of one line: a chunk with log probabilities is long."""
DONE = b"[DONE]"


class StreamFailed(Exception):
    """`status` is the HTTP status of a refusal, 0 where none came; `body` its JSON, or its text."""

    def __init__(self, said: str, status: int = 0, body: object = None) -> None:
        super().__init__(said)
        self.status = status
        self.body = body


class NoConnection(StreamFailed):
    """Nothing was sent back: nobody listens there, or hung up before a word."""


class TooSlow(StreamFailed):
    """It was silent for longer than allowed."""


class BrokenOff(StreamFailed):
    """The answer ended in its middle, or in what is no answer."""


class CompletionClient:
    """Connections to one endpoint, kept open between questions. Belongs to one event loop.

    `base_url` ends in /v1; `timeout_seconds` is the longest silence.
    """

    def __init__(self, base_url: str, api_key: str, timeout_seconds: float) -> None:
        self._url = f"{base_url}/chat/completions"
        self._headers = {"Authorization": f"Bearer {api_key}", "Accept-Encoding": "identity"}
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=min(CONNECT_SECONDS, timeout_seconds), sock_read=timeout_seconds
        )
        self._proxy = _proxy_for(base_url)
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    async def stream(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the chunks. Closing the iterator closes the connection, upon which a server stops generating. Raises
        StreamFailed."""
        response = await self._open(orjson.dumps({**request, "stream": True}))
        try:
            if response.status >= 400:
                raise await _refusal(response)
            async for line in response.content:
                if not line.startswith(b"data:"):
                    continue
                data = line[5:].strip()
                if data == DONE:
                    await _read_rest(response)
                    return
                yield _chunk(data)
        except TimeoutError as error:
            raise TooSlow("silent in the middle of an answer") from error
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise BrokenOff(type(error).__name__) from error
        finally:
            response.close()

    async def aclose(self) -> None:
        """End all streams; none begins any more."""
        self._is_closed = True
        if self._session is not None:
            await self._session.close()

    async def _open(self, body: bytes) -> aiohttp.ClientResponse:
        """Send the request; once more when an idle connection turned out to be closed (nothing was generated)."""
        for attempt in (1, 2):
            if self._is_closed:
                raise NoConnection("disconnected")
            try:
                return await self._connections().post(
                    self._url,
                    data=body,
                    headers={**self._headers, "Content-Type": "application/json"},
                    timeout=self._timeout,
                    proxy=self._proxy,
                )
            except TimeoutError as error:
                raise TooSlow("no answer") from error
            except aiohttp.ClientConnectorError as error:
                raise NoConnection(str(error)) from error
            except (aiohttp.ClientError, OSError) as error:
                if attempt == 2:
                    raise NoConnection(str(error) or type(error).__name__) from error
        raise AssertionError("unreachable")

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            # The gateway bounds how many there are; a second bound would make questions wait where nobody sees them.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS, ssl=_trusted(self._url))
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), read_bufsize=READ_BYTES
            )
        return self._session


def _chunk(data: bytes) -> dict[str, Any]:
    chunk = orjson.loads(data)
    if not isinstance(chunk, dict):
        raise BrokenOff("a chunk that is no object")
    if error := chunk.get("error"):
        message = error.get("message") if isinstance(error, dict) else error
        raise BrokenOff(str(message or "an error without a message"), body=chunk)
    return chunk


async def _refusal(response: aiohttp.ClientResponse) -> StreamFailed:
    text = await response.text(errors="replace")
    try:
        body: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        body = text
    return StreamFailed(f"HTTP {response.status}", response.status, body)


async def _read_rest(response: aiohttp.ClientResponse) -> None:
    """Read the end of the body, so that the connection can be kept."""
    with contextlib.suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(END_SECONDS):
            await response.content.read()


def _proxy_for(base_url: str) -> str | None:
    """Return the proxy that the environment names for this address, read once: it costs a question's time."""
    address = urlsplit(base_url)
    if urllib.request.proxy_bypass(address.hostname or ""):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(address.scheme) or proxies.get("all")


def _trusted(url: str) -> ssl.SSLContext | bool:
    """Return the certificates that every other connection of the platform trusts, too."""
    return httpx.create_ssl_context() if url.startswith("https") else True
