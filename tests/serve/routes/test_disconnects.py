from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from panodent.serve.routes.disconnects import cancelled_on_disconnect


def request(left: asyncio.Event) -> Request:
    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "GET", "headers": []}, receive)


def test_work_is_done_while_the_client_waits() -> None:
    async def main() -> None:
        async def work() -> int:
            await asyncio.sleep(0)
            return 7

        async def fails() -> int:
            raise KeyError("x")

        assert await cancelled_on_disconnect(request(asyncio.Event()), work()) == 7
        with pytest.raises(KeyError):
            await cancelled_on_disconnect(request(asyncio.Event()), fails())

    asyncio.run(main())


def test_work_stops_when_the_client_leaves() -> None:
    async def main() -> None:
        left, ended = asyncio.Event(), []

        async def work() -> None:
            left.set()
            try:
                await asyncio.sleep(60)
            finally:
                ended.append("cleaned up")

        with pytest.raises(ClientDisconnect):
            await cancelled_on_disconnect(request(left), work())
        assert ended == ["cleaned up"]

    asyncio.run(asyncio.wait_for(main(), 30))


def test_work_stops_with_its_request() -> None:
    async def main() -> None:
        begun, ended = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            try:
                await asyncio.sleep(60)
            finally:
                ended.set()

        asked = asyncio.ensure_future(cancelled_on_disconnect(request(asyncio.Event()), work()))
        await begun.wait()
        asked.cancel()
        await ended.wait()

    asyncio.run(asyncio.wait_for(main(), 30))
