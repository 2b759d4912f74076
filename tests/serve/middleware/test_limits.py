from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from panodent.serve.middleware import limits
from panodent.serve.middleware.limits import LimitsMiddleware, RequestLimits
from panodent.serve.problems import problem

HOSTS = frozenset({"localhost", "::1"})
LIMITS = RequestLimits(
    upload=1000, batch=5000, text=100, on_disk=200_000, in_memory=150, pause=0.05
)


async def reads(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, and answers how long it was."""
    length, more = 0, True
    try:
        while more:
            message = await receive()
            length += len(message.get("body", b""))
            more = message.get("more_body", False)
    except HTTPException as error:
        await problem(error.status_code, error.detail)(scope, receive, send)
        return
    await problem(200, str(length))(scope, receive, send)


def ask(
    app: LimitsMiddleware,
    path: str = "/v1/info",
    method: str = "GET",
    body: Sequence[bytes] = (),
    stalls: bool = False,
    **headers: str,
) -> tuple[int, dict[str, str], Any]:
    sent: list[Any] = []
    pieces = list(body)

    async def receive() -> dict[str, Any]:
        if not pieces:
            await asyncio.Event().wait()  # for ever
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    known = {"host": "localhost:8080", **headers}
    listed = [(n.replace("_", "-").encode(), v.encode("latin-1")) for n, v in known.items()]
    scope = {"type": "http", "path": path, "method": method, "headers": listed}
    if not pieces and not stalls:
        pieces.append(b"")
    asyncio.run(app(scope, receive, send))
    head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], head, json.loads(b"".join(m.get("body", b"") for m in sent[1:]))


def test_every_answer_has_the_headers_that_keep_it_in_place():
    app = LimitsMiddleware(reads, LIMITS, "secret", HOSTS)
    for given in ("Bearer secret", "Bearer wrong"):
        _, head, _ = ask(app, authorization=given)
        assert "default-src 'none'" in head["content-security-policy"]
        assert "unsafe" not in head["content-security-policy"]
        assert head["x-content-type-options"] == "nosniff"
        assert head["cache-control"] == "no-store"
        assert not any(name.startswith("access-control") for name in head)


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [
        ("/v1/info", "", 401),
        ("/v1/info", "Bearer ", 401),
        ("/v1/info", "Bearer secretx", 401),
        ("/v1/info", "Basic secret", 401),
        ("/v1/info", "Bearer secr\xe9t", 401),
        ("/v1/info", "secret", 401),
        ("/v1/info", "Bearer secret", 200),
        ("/v1/info", "bearer  secret ", 200),
        ("/metrics", "", 401),
        ("/unknown", "", 401),
        ("/static/../v1/info", "", 200),  # is a file below /static or none, never a route
        ("/", "", 200),
        ("/healthz", "", 200),
        ("/readyz", "", 200),
        ("/static/app.js", "", 200),
        ("/openapi.json", "", 200),
        ("/label-studio/predict", "", 401),
        ("/label-studio/predict", "Basic " + base64.b64encode(b"u:secret").decode(), 200),
        ("/label-studio/predict", "Basic " + base64.b64encode(b"u:wrong").decode(), 401),
        ("/label-studio/predict", "Basic !!!", 401),
        ("/v1/info", "Basic " + base64.b64encode(b"u:secret").decode(), 401),
    ],
)
def test_the_token_is_demanded_where_there_is_something_to_see(path, given, status):
    app = LimitsMiddleware(reads, LIMITS, "secret", HOSTS)
    found, head, body = ask(app, path, **({"authorization": given} if given else {}))
    assert found == status
    if status == 401:
        assert head["www-authenticate"] == "Bearer"
        assert body["status"] == 401
        assert "secret" not in body["detail"]


def test_a_token_may_be_of_any_letters():
    app = LimitsMiddleware(reads, LIMITS, "schlüssel", None)
    assert ask(app, authorization="Bearer " + "schlüssel".encode().decode("latin-1"))[0] == 200


def test_the_token_is_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr(limits.hmac, "compare_digest", lambda *pair: compared.append(pair) or True)
    ask(LimitsMiddleware(reads, LIMITS, "secret"), authorization="Bearer guess")
    assert compared == [(b"guess", b"secret")]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("LOCALHOST:1", 200), ("[::1]:8080", 200), ("[::1]", 200),
        ("evil.example", 421), ("localhost.evil.example", 421), ("", 421),
        ("127.0.0.1.nip.io", 421),
    ],
)  # fmt: skip
def test_names_that_are_not_ours_are_refused(host, status):
    """A page elsewhere that makes its own name point here (DNS rebinding) comes with that name."""
    assert ask(LimitsMiddleware(reads, LIMITS, None, HOSTS), host=host)[0] == status
    assert ask(LimitsMiddleware(reads, LIMITS, None, None), host=host)[0] == 200


@pytest.mark.parametrize(
    ("method", "origin", "status"),
    [
        ("POST", "http://localhost:8080", 200), ("POST", "https://evil.example", 403),
        ("POST", "null", 403), ("POST", "http://[", 403), ("POST", "http://localhost:81", 403),
        ("DELETE", "https://evil.example", 403), ("GET", "https://evil.example", 200),
    ],
)  # fmt: skip
def test_pages_elsewhere_change_nothing_here(method, origin, status):
    app = LimitsMiddleware(reads, LIMITS, None, HOSTS)
    assert ask(app, method=method, origin=origin)[0] == status


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/v1/predict", "66536", 200), ("/v1/predict", "66537", 413), ("/v1/studies", "66537", 413),
        ("/v1/jobs", "5000", 200), ("/v1/jobs", "5001", 413), ("/v1/other", "101", 413),
        ("/v1/predict", "9" * 5000, 413), ("/v1/predict", "-1", 400), ("/v1/predict", "x", 400),
        ("/v1/predict", "\xb2", 400), ("/v1/predict", "+5", 400),
    ],
)  # fmt: skip
def test_bodies_are_refused_by_their_length_before_they_come(monkeypatch, path, length, status):
    monkeypatch.setattr(limits, "LINGER_SECONDS", 0.01)
    stalls = status != 200
    app = LimitsMiddleware(reads, LIMITS)
    found, head, _ = ask(app, path, "POST", stalls=stalls, content_length=length)
    assert found == status
    assert (head.get("connection") == "close") == (status != 200)


def test_a_client_is_heard_out_a_little_so_that_it_reads_the_answer():
    """Closing on a client that still sends makes its system drop what was answered."""
    app = LimitsMiddleware(reads, LIMITS)
    status, head, _ = ask(app, "/x", "POST", [b"x" * 101], content_length="101")
    assert (status, head.get("connection")) == (413, None)
    endless = [b"x" * (1 << 20)] * 20
    status, head, _ = ask(app, "/x", "POST", endless, transfer_encoding="chunked")
    assert (status, head["connection"]) == (503, "close")  # beyond what may be held at all
    # Who asks before sending is told at once.
    status, head, _ = ask(
        app, "/x", "POST", stalls=True, content_length="101", expect="100-continue"
    )
    assert status == 413


def test_a_body_of_no_stated_length_is_cut_off():
    app = LimitsMiddleware(reads, LIMITS)
    assert ask(app, "/x", "POST", [b"x" * 60, b"x" * 40])[2]["detail"] == "100"
    assert ask(app, "/x", "POST", [b"x" * 60, b"x" * 41])[0] == 413
    assert app._received == {True: 0, False: 0}
    assert app._in_progress == 0


def test_all_bodies_together_have_a_bound():
    app = LimitsMiddleware(reads, LIMITS)
    app._received[False] = 140
    assert ask(app, "/x", "POST", [b"x" * 9])[0] == 200
    assert ask(app, "/x", "POST", [b"x" * 11])[0] == 503
    status, head, _ = ask(app, "/x", "POST", content_length="11")
    assert (status, head["retry-after"]) == (503, "1")


def test_a_body_that_does_not_come_is_not_waited_for():
    async def slow() -> tuple[Any, ...]:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()  # for ever
            return {}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "path": "/x", "method": "POST", "headers": []}
        await asyncio.wait_for(LimitsMiddleware(reads, LIMITS)(scope, receive, send), 60)
        return tuple(sent)

    assert asyncio.run(slow())[0]["status"] == 408


def test_an_answer_that_is_not_taken_ends():
    async def full(message: Any) -> None:
        await asyncio.Event().wait()  # for ever

    scope = {"type": "http", "path": "/x", "method": "GET", "headers": []}

    async def empty() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    with pytest.raises(TimeoutError):
        asyncio.run(LimitsMiddleware(reads, RequestLimits(send=0.05))(scope, empty, full))


def test_requests_at_once_have_a_bound():
    app = LimitsMiddleware(reads, LIMITS)
    app._in_progress = LIMITS.requests
    status, head, body = ask(app)
    assert (status, head["retry-after"], body["status"]) == (503, "1", 503)


def test_health_is_answered_however_many_requests_there_are():
    app = LimitsMiddleware(reads, LIMITS)
    app._in_progress = LIMITS.requests
    for path in ("/healthz", "/readyz"):
        assert ask(app, path)[0] == 200
    assert app._in_progress == LIMITS.requests


def test_a_body_with_millions_of_points_is_cut_off_before_it_is_read():
    app = LimitsMiddleware(reads, RequestLimits(brackets=5))
    assert ask(app, "/x", "PUT", [b"[[[", b"[["])[0] == 200
    status, _, body = ask(app, "/x", "PUT", [b"[[[", b"[[["])
    assert status == 422
    assert "more than 5 points" in body["detail"]
    assert ask(app, "/v1/studies", "POST", [b"[[[[[[[["])[0] == 200  # a file


def served(app: LimitsMiddleware, receive: Any, send: Any, path: str = "/x") -> None:
    scope = {"type": "http", "path": path, "method": "POST", "headers": []}
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 60))


def test_a_body_below_the_least_rate_is_cut_off_though_it_never_pauses():
    limits, sent, pieces = RequestLimits(pause=0.2, rate=1e4), [], [0]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        pieces[0] += 1
        return {"type": "http.request", "body": b"x", "more_body": pieces[0] < 1000}

    async def send(message: Any) -> None:
        sent.append(message)

    served(LimitsMiddleware(reads, limits), receive, send)
    assert sent[0]["status"] == 408
    assert b"send at least 10 KiB in a second" in sent[1]["body"]
    assert pieces[0] < 100

    async def fast() -> dict[str, Any]:
        pieces[0] += 1
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": bytes(1000), "more_body": pieces[0] < 30}

    sent.clear()
    pieces[0] = 0
    served(LimitsMiddleware(reads, limits), fast, send)
    assert sent[0]["status"] == 200  # longer than the pause, but fast enough


def test_an_answer_that_is_taken_drop_by_drop_ends():
    taken = [0]

    async def drips(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def slow(message: Any) -> None:
        taken[0] += 1
        await asyncio.sleep(0.01)

    async def empty() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    with pytest.raises(TimeoutError):
        served(LimitsMiddleware(drips, RequestLimits(send=0.2, rate=1e4)), empty, slow)
    assert taken[0] < 100
