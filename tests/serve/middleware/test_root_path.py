from __future__ import annotations

import asyncio
from typing import Any

import pytest

from panodent.serve.middleware.root_path import RootPathMiddleware


def asked(path: str, root: str) -> tuple[list[str], list[Any]]:
    """The paths that reach the application, and what is answered instead."""
    reached: list[str] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        assert scope["raw_path"] == scope["path"].encode()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "raw_path": path.encode(), "headers": []}
    asyncio.run(RootPathMiddleware(app, root)(scope, None, send))  # type: ignore[arg-type]
    return reached, sent


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        ("/teeth/v1/info", "/teeth", "/v1/info"),
        ("/teeth/", "/teeth", "/"),
        ("/v1/info", "/teeth", "/v1/info"),  # the proxy has removed it
        ("/teethed", "/teeth", "/teethed"),
        ("/teeth/v1", "", "/teeth/v1"),
    ],
)
def test_the_root_is_removed_if_the_proxy_leaves_it(path: str, root: str, expected: str) -> None:
    assert asked(path, root) == ([expected], [])


def test_without_its_slash_the_page_is_elsewhere() -> None:
    reached, sent = asked("/teeth", "/teeth")
    assert not reached
    assert (sent[0]["status"], dict(sent[0]["headers"])[b"location"]) == (308, b"/teeth/")
