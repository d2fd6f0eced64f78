"""Server-sent events: names, JSON data, pings, and headers that keep proxies from holding them back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
from sse_starlette import EventSourceResponse, ServerSentEvent

PING_SECONDS = 15
SEND_SECONDS = 30
"""A reader who takes nothing for this long is gone, whatever the connection says."""


def server_sent_event(name: str, data: Any) -> ServerSentEvent:
    return ServerSentEvent(data=orjson.dumps(data).decode(), event=name)


def event_stream(events: AsyncIterator[ServerSentEvent]) -> EventSourceResponse:
    """Return the response; the iterator is closed when the reader goes."""
    return EventSourceResponse(events, ping=PING_SECONDS, send_timeout=SEND_SECONDS, sep="\n")
