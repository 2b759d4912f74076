"""What every request passes before a route sees it: who asks, from where, how much, how slowly.

An ASGI middleware without Starlette's, so that nothing is read before it is bounded.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panodent.serve.problems import problem

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), usb=()",
}
_SAFE = ("GET", "HEAD", "OPTIONS")
_OPEN = ("/", "/healthz", "/readyz", "/openapi.json")


@dataclass(frozen=True)
class Bounds:
    """Limits on a request.

    upload, batch, text : bytes of a body with one radiograph, with many, and of any other.
    pause, body : seconds between two pieces of a body, and for all of it.
    send : seconds until a client has taken a piece of the answer.
    requests : how many may be in work at once.
    """

    upload: int = 64 << 20
    batch: int = 2 << 30
    text: int = 16 << 20
    pause: float = 15.0
    body: float = 300.0
    send: float = 60.0
    requests: int = 128


@dataclass
class Guard:
    """Passes on what is in bounds, answers the rest itself.

    `token` is demanded of /v1, /label-studio and /metrics where there is one. `hosts` are the names
    the service answers to (against DNS rebinding), None for any.
    """

    app: ASGIApp
    bounds: Bounds
    token: str | None = None
    hosts: frozenset[str] | None = None
    _busy: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        reply = _Reply(send, self.bounds.send, scope["path"])
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, reply)
            return
        self._busy += 1
        try:
            await self.app(scope, _Body(receive, self._limit(scope), self.bounds), reply)
        finally:
            self._busy -= 1

    def _refusal(self, scope: Scope, headers: Mapping[str, str]) -> Any:
        path, method = scope["path"], scope["method"]
        if self._busy >= self.bounds.requests:
            return problem(503, "too many requests at once; send this one again in a moment")
        host = headers.get("host", "")
        if self.hosts is not None and _name(host) not in self.hosts:
            return problem(421, f"this service does not answer to the name {_name(host)[:80]!r}")
        origin = headers.get("origin")
        if origin is not None and method not in _SAFE and urlsplit(origin).netloc != host:
            return problem(403, "requests from another site's page are not taken")
        closed = path not in _OPEN and not path.startswith("/static/")
        if self.token is not None and closed and not self._knows(headers.get("authorization", "")):
            refusal = problem(401, "this service wants its token: Authorization: Bearer TOKEN")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        try:
            length = int(headers.get("content-length", "0"))
        except ValueError:
            return problem(400, "the Content-Length is no number")
        if length > self._limit(scope):
            refusal = problem(413, _too_much(self._limit(scope)))
            refusal.headers["Connection"] = "close"
            return refusal
        return None

    def _knows(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        right = (self.token or "").encode()
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), right)

    def _limit(self, scope: Scope) -> int:
        if scope["method"] != "POST":
            return self.bounds.text
        if scope["path"] == "/v1/jobs":
            return self.bounds.batch
        # A little more than the file, for the form around it.
        uploads = ("/v1/predict", "/v1/studies")
        return self.bounds.upload + 65536 if scope["path"] in uploads else self.bounds.text


def _too_much(limit: int) -> str:
    return f"the request is larger than the {limit / 2**20:.0f} MiB that are taken here"


class _Body:
    """Receives a body within its bounds; raises `HTTPException`, which the application answers."""

    def __init__(self, receive: Receive, limit: int, bounds: Bounds) -> None:
        self._receive, self._bounds, self._limit = receive, bounds, limit
        self._left, self._until, self._whole = limit, time.monotonic() + bounds.body, False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()  # waits for the client to go away
        seconds = min(self._bounds.pause, self._until - time.monotonic())
        try:
            message = await asyncio.wait_for(self._receive(), max(seconds, 0.0))
        except TimeoutError:
            raise HTTPException(
                408, "the request's body came too slowly; send it again", {"Connection": "close"}
            ) from None
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, _too_much(self._limit), {"Connection": "close"})
        self._whole = not message.get("more_body", False)
        return message


class _Reply:
    """Sends an answer with the headers that all have, within its time."""

    def __init__(self, send: Send, seconds: float, path: str) -> None:
        self._send, self._seconds = send, seconds
        self._cache = "no-cache" if path == "/" or path.startswith("/static/") else "no-store"

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            known = {name.lower() for name, _ in message["headers"]}
            more = {**HEADERS, "Cache-Control": self._cache}
            message["headers"] = [
                *message["headers"],
                *(
                    (name.lower().encode(), value.encode())
                    for name, value in more.items()
                    if name.lower().encode() not in known
                ),
            ]
        await asyncio.wait_for(self._send(message), self._seconds)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _name(host: str) -> str:
    """A Host header without its port."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") and ":" in host else host
    return name.strip("[]").lower()


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reachable from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
