from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from panodent.client import AsyncClient, connection
from panodent.errors import ServiceError


def test_it_asks_sends_again_and_pages_as_the_other_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "pause_before", lambda attempt, failure: 0.0)
    (tmp_path / "scan.png").write_bytes(b"pixels")
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        body = await request.aread()
        if len(asked) == 1:
            assert b"pixels" in body
            return httpx.Response(503, json={"detail": "busy"})
        if request.url.path.endswith("missing"):
            return httpx.Response(404, json={"detail": "no study"})
        if request.url.params.get("offset", "0") != "0":
            return httpx.Response(200, json={"studies": []})
        return httpx.Response(200, json={"studies": [{"id": "7"}], "teeth": [], "state": "done"})

    async def main() -> None:
        transport = httpx.MockTransport(answer)
        async with AsyncClient("http://x", "t", transport=transport) as client:
            sent: list[tuple[int, int]] = []
            found = await client.predict(tmp_path / "scan.png", lambda *pair: sent.append(pair))
            assert found["teeth"] == []
            assert sent == [(6, 6), (6, 6)]
            assert [study["id"] async for study in client.all_studies()] == ["7"]
            assert (await client.wait_for_job("7"))["state"] == "done"
            with pytest.raises(ServiceError, match="no study"):
                await client.study("missing")

    asyncio.run(main())
    assert asked[:2] == ["POST", "POST"]
