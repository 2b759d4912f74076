from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest

from panodent.serve.middleware.compression import CompressionMiddleware


def answer(path: str, size: int, accept: bytes = b"gzip") -> tuple[dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        kind = [(b"content-type", b"application/json"), (b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        await send({"type": "http.response.body", "body": b"x" * size})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": [(b"accept-encoding", accept)]}
    asyncio.run(CompressionMiddleware(app)(scope, None, send))  # type: ignore[arg-type]
    return dict(sent[0]["headers"]), b"".join(message["body"] for message in sent[1:])


def test_long_text_is_compressed_where_the_client_accepts_it() -> None:
    head, body = answer("/v1/studies/x", 5000)
    assert head[b"content-encoding"] == b"gzip"
    assert int(head[b"content-length"]) == len(body) < 1000
    assert gzip.decompress(body) == b"x" * 5000
    assert answer("/v1/studies/x", 5000, b"identity")[1] == b"x" * 5000


@pytest.mark.parametrize(
    ("path", "size"),
    [("/v1/studies/x/image", 5000), ("/v1/training.zip", 5000), ("/v1/info", 500)],
)
def test_pictures_archives_and_short_answers_are_sent_as_they_are(path: str, size: int) -> None:
    head, body = answer(path, size)
    assert b"content-encoding" not in head
    assert len(body) == size
