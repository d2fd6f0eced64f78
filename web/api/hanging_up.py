"""Work that ends when its caller hangs up: nobody reads what it would return."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

POLL_SECONDS = 0.5

T = TypeVar("T")


async def unless_hung_up(
    work: Coroutine[object, object, T], request: Request, once_begun: Callable[[], None] | None = None
) -> T:
    """Return what the work returns. Cancels it when the caller hangs up, and raises ClientDisconnect. `once_begun` is
    called as soon as the work waits for the first time."""

    async def gone() -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if await request.is_disconnected():
                return

    working = asyncio.create_task(work)
    if once_begun is not None:
        asyncio.get_running_loop().call_soon(once_begun)
    leaving = asyncio.create_task(gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return await working
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
