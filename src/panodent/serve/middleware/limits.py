"""What every request passes before a route sees it: who asks, from where, how much, how slowly.

An ASGI middleware without Starlette's, so that nothing is read before it is bounded.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import Response
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
LINGER_BYTES = 8 << 20
LINGER_SECONDS = 1.0
_SAFE = ("GET", "HEAD", "OPTIONS")
_OPEN = ("/", "/healthz", "/readyz", "/openapi.json")


@dataclass(frozen=True)
class Bounds:
    """Limits on a request.

    upload, batch, text : bytes of a body with one radiograph, with many, and of any other.
    on_disk, in_memory : bytes of all bodies together that are in work: of radiographs, which are
        written to files while they arrive, and of others, which are held.
    pause, body : seconds between two pieces of a body, and for all of it.
    send : seconds until a client has taken a piece of the answer.
    requests : how many may be in work at once.
    """

    upload: int = 64 << 20
    batch: int = 2 << 30
    text: int = 16 << 20
    on_disk: int = 8 << 30
    in_memory: int = 256 << 20
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
    _held: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        limit, is_file = self._limit(scope)
        body = _Body(receive, limit, self.bounds, lambda size: self._take(is_file, size))
        if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
            body.expected = False
        reply = _Reply(send, self.bounds.send, scope["path"], body)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            if "expect" in headers:
                body.expected = False  # it is not sent before it is asked for
            await refusal(scope, receive, reply)
            return
        self._busy += 1
        try:
            await self.app(scope, body, reply)
        finally:
            self._busy -= 1
            self._held[is_file] -= body.size

    def _refusal(self, scope: Scope, headers: Mapping[str, str]) -> Response | None:
        path, method = scope["path"], scope["method"]
        if self._busy >= self.bounds.requests:
            return problem(503, "too many requests at once; send this one again in a moment")
        host = headers.get("host", "")
        if self.hosts is not None and _name(host) not in self.hosts:
            return problem(421, f"this service does not answer to the name {_name(host)[:80]!r}")
        origin = headers.get("origin")
        if origin is not None and method not in _SAFE and _netloc(origin) != host.lower():
            return problem(403, "requests from another site's page are not taken")
        closed = path not in _OPEN and not path.startswith("/static/")
        given = headers.get("authorization", "")
        if self.token is not None and closed and not _knows(given, self.token, path):
            refusal = problem(401, "this service wants its token: Authorization: Bearer TOKEN")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        return self._too_long(scope, headers.get("content-length", "0"))

    def _too_long(self, scope: Scope, declared: str) -> Response | None:
        if not (declared.isascii() and declared.isdecimal()):
            return problem(400, "the Content-Length is no number")
        limit, is_file = self._limit(scope)
        # A number of a thousand digits is too long without being read.
        if len(declared) > 18 or int(declared) > limit:
            return problem(413, _too_much(limit))
        if self._held[is_file] + int(declared) > self._most(is_file):
            return problem(503, _TOO_FULL)
        return None

    def _limit(self, scope: Scope) -> tuple[int, bool]:
        """Bytes that a body may have, and whether it goes to files."""
        path = scope["path"]
        if scope["method"] == "POST" and path == "/v1/jobs":
            return self.bounds.batch, True
        if scope["method"] == "POST" and path in ("/v1/predict", "/v1/studies"):
            # A little more than the file, for the form around it.
            return self.bounds.upload + 65536, True
        return self.bounds.text, False

    def _most(self, is_file: bool) -> int:
        return self.bounds.on_disk if is_file else self.bounds.in_memory

    def _take(self, is_file: bool, size: int) -> None:
        self._held[is_file] += size
        if self._held[is_file] > self._most(is_file):
            raise HTTPException(503, _TOO_FULL, {"Retry-After": "1"})


_TOO_FULL = "too much is being sent at once; send this again in a moment"


def _knows(authorization: str, token: str, path: str) -> bool:
    """Whether a request brings the token; Label Studio can bring it as a password alone."""
    scheme, _, given = authorization.partition(" ")
    given = given.strip()
    if scheme.lower() == "basic" and path.startswith("/label-studio/"):
        try:
            given = base64.b64decode(given, validate=True).decode("latin-1").partition(":")[2]
        except ValueError:
            return False
    elif scheme.lower() != "bearer":
        return False
    # Headers are bytes, which ASGI servers hand on one to one as latin-1.
    return hmac.compare_digest(given.encode("latin-1"), token.encode())


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _too_much(limit: int) -> str:
    return f"the request is larger than the {limit / 2**20:.0f} MiB that are taken here"


class _Body:
    """Receives a body within its bounds; raises `HTTPException`, which the application answers.

    expected : whether there is one that is still to be read.
    """

    def __init__(
        self, receive: Receive, limit: int, bounds: Bounds, take: Callable[[int], None]
    ) -> None:
        self._receive, self._bounds, self._limit, self._take = receive, bounds, limit, take
        self._until, self.expected, self.size = time.monotonic() + bounds.body, True, 0
        self._over = False

    async def __call__(self) -> Message:
        if self._over:
            return await self._receive()  # waits for the client to go away
        seconds = min(self._bounds.pause, self._until - time.monotonic())
        try:
            message = await asyncio.wait_for(self._receive(), max(seconds, 0.0))
        except TimeoutError:
            raise HTTPException(408, "the request's body came too slowly; send it again") from None
        length = len(message.get("body", b""))
        self.size += length
        self._take(length)
        if self.size > self._limit:
            raise HTTPException(413, _too_much(self._limit))
        self._over = not message.get("more_body", False)
        self.expected = self.expected and not self._over
        return message

    async def drain(self) -> None:
        """Lets a little of the rest go by: who is cut off while sending never reads the answer."""
        left, until = LINGER_BYTES, time.monotonic() + LINGER_SECONDS
        while self.expected and left > 0 and (seconds := until - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(self._receive(), seconds)
            except TimeoutError:
                break
            left -= len(message.get("body", b""))
            self.expected = bool(message.get("more_body", False))
        self._over = True


class _Reply:
    """Sends an answer with the headers that all have, within its time."""

    def __init__(self, send: Send, seconds: float, path: str, body: _Body) -> None:
        self._send, self._seconds, self._body = send, seconds, body
        self._cache = "no-cache" if path == "/" or path.startswith("/static/") else "no-store"

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            known = {name.lower() for name, _ in message["headers"]}
            more = {**HEADERS, "Cache-Control": self._cache}
            if self._body.expected:
                await self._body.drain()
            if self._body.expected:
                more["Connection"] = "close"
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
