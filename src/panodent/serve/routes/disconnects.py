"""Stops the work for a client that has left."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")


async def cancelled_on_disconnect(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`; cancels it when the client disconnects, and raises `ClientDisconnect`.

    The body of the request must have been read. Not for saves: a page may be closed after one.
    """
    task = asyncio.ensure_future(work)
    left = asyncio.ensure_future(_until_disconnected(request))
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            if task.cancelled():
                raise ClientDisconnect
        return task.result()
    finally:
        for one in (task, left):
            one.cancel()


async def _until_disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
