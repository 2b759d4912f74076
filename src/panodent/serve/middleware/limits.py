"""Limits on every request, checked before a route runs: host, origin, token, size and speed.

A plain ASGI middleware, not Starlette's, so that nothing of a body is read before it is checked.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
"""How much of a refused body is read and discarded, so that the client reads the response."""
FORM_BYTES = 65536
"""Bytes that a form may have besides its file."""
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_HEALTH = ("/healthz", "/readyz")
_PATHS_WITHOUT_TOKEN = ("/", "/docs", "/healthz", "/readyz", "/openapi.json")


@dataclass(frozen=True)
class RequestLimits:
    """Limits on requests.

    upload : bytes of a body with one radiograph.
    batch : bytes of a body with many radiographs.
    text : bytes of any other body.
    on_disk : bytes of all radiographs that are being received, which are written to files.
    in_memory : bytes of all other bodies that are being received, which are kept in memory.
    brackets : '[' in a body that is kept in memory. Each point of an outline has one, and it takes
        long to read millions of them.
    pause : seconds between two chunks of a body.
    rate : bytes per second that a client must send and accept on average, after the first `pause`
        seconds of a body and `send` seconds of a response.
    body : seconds for a whole body.
    send : seconds until the client has accepted a chunk of the response.
    requests : requests in progress at the same time, health checks not counted.
    """

    upload: int = 64 << 20
    batch: int = 2 << 30
    text: int = 16 << 20
    on_disk: int = 8 << 30
    in_memory: int = 256 << 20
    brackets: int = 300_000
    pause: float = 15.0
    rate: float = 16384.0
    body: float = 3600.0
    send: float = 60.0
    requests: int = 128


@dataclass
class LimitsMiddleware:
    """Passes requests within the limits to `app`, and refuses the others.

    token : required for all paths but the page, its files, the health checks, /docs and
        /openapi.json; None for no token.
    hosts : accepted names in the Host header (against DNS rebinding), None for any.
    """

    app: ASGIApp
    limits: RequestLimits
    token: str | None = None
    hosts: frozenset[str] | None = None
    _in_progress: int = 0
    _received: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        max_bytes, is_file = self._body_limit(scope)
        body = _LimitedBody(receive, max_bytes, self.limits, lambda n: self._count(is_file, n))
        body.brackets_left = None if is_file else self.limits.brackets
        if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
            body.expected = False
        respond = _TimedResponse(send, self.limits, scope["path"], body)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            if "expect" in headers:
                body.expected = False  # the client waits for "100 Continue" before it sends a body
            await refusal(scope, receive, respond)
            return
        counted = scope["path"] not in _HEALTH
        self._in_progress += counted
        try:
            await self.app(scope, body, respond)
        finally:
            self._in_progress -= counted
            self._received[is_file] -= body.size

    def _refusal(self, scope: Scope, headers: Mapping[str, str]) -> Response | None:
        path, method = scope["path"], scope["method"]
        if self._in_progress >= self.limits.requests and path not in _HEALTH:
            return problem(503, "too many requests at the same time; try again in a moment")
        host = headers.get("host", "")
        if self.hosts is not None and _host_name(host) not in self.hosts:
            return problem(
                421,
                f"this service does not accept the host name {_host_name(host)[:80]!r}; "
                "add it with --allow-host",
            )
        origin = headers.get("origin")
        if origin is not None and method not in _SAFE_METHODS and _netloc(origin) != host.lower():
            return problem(403, "requests from pages of other sites are refused")
        protected = path not in _PATHS_WITHOUT_TOKEN and not path.startswith("/static/")
        authorization = headers.get("authorization", "")
        if self.token is not None and protected and not _has_token(authorization, self.token, path):
            refusal = problem(401, "a token is required; send it as Authorization: Bearer TOKEN")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        return self._size_refusal(scope, headers.get("content-length", "0"))

    def _size_refusal(self, scope: Scope, declared: str) -> Response | None:
        if not (declared.isascii() and declared.isdecimal()):
            return problem(400, "Content-Length is not a number")
        max_bytes, is_file = self._body_limit(scope)
        # A number of a thousand digits is not converted: that takes long.
        if len(declared) > 18 or int(declared) > max_bytes:
            return problem(413, _too_large(max_bytes))
        if self._received[is_file] + int(declared) > self._total_limit(is_file):
            return problem(503, _TOO_MUCH_AT_ONCE)
        return None

    def _body_limit(self, scope: Scope) -> tuple[int, bool]:
        """(bytes that a body may have, whether it is written to files)."""
        path = scope["path"]
        if scope["method"] == "POST" and path == "/v1/jobs":
            return self.limits.batch, True
        if scope["method"] == "POST" and path in ("/v1/predict", "/v1/studies"):
            return self.limits.upload + FORM_BYTES, True
        return self.limits.text, False

    def _total_limit(self, is_file: bool) -> int:
        return self.limits.on_disk if is_file else self.limits.in_memory

    def _count(self, is_file: bool, size: int) -> None:
        self._received[is_file] += size
        if self._received[is_file] > self._total_limit(is_file):
            raise HTTPException(503, _TOO_MUCH_AT_ONCE, {"Retry-After": "1"})


_TOO_MUCH_AT_ONCE = "too much data is being sent at the same time; try again in a moment"


def _has_token(authorization: str, token: str, path: str) -> bool:
    """Whether a request has the token; Label Studio can only send it as a Basic password."""
    scheme, _, given = authorization.partition(" ")
    given = given.strip()
    if scheme.lower() == "basic" and path.startswith("/label-studio/"):
        try:
            given = base64.b64decode(given, validate=True).decode("latin-1").partition(":")[2]
        except ValueError:
            return False
    elif scheme.lower() != "bearer":
        return False
    # ASGI servers decode the bytes of headers one to one, as Latin-1.
    return hmac.compare_digest(given.encode("latin-1"), token.encode())


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _too_large(max_bytes: int) -> str:
    return f"the request is larger than the limit of {max_bytes / 2**20:.0f} MiB"


class _LimitedBody:
    """Receives a body within its limits; raises `HTTPException`, which the application handles.

    expected : whether the client may still send some of the body.
    size : bytes received so far.
    brackets_left : how many '[' may still come, None for any number.
    """

    def __init__(
        self, receive: Receive, max_bytes: int, limits: RequestLimits, count: Callable[[int], None]
    ) -> None:
        self._receive, self._limits, self._max_bytes = receive, limits, max_bytes
        self._count = count
        self._deadline, self.expected, self.size = time.monotonic() + limits.body, True, 0
        self._waited = 0.0
        self.brackets_left: int | None = None
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()  # waits for the client to disconnect
        limits, start = self._limits, time.monotonic()
        # Only the time spent waiting counts: the service may be slow itself.
        left = limits.pause + self.size / limits.rate - self._waited
        seconds = min(limits.pause, left, self._deadline - start)
        try:
            message = await asyncio.wait_for(self._receive(), max(seconds, 0.0))
        except TimeoutError:
            raise HTTPException(
                408,
                f"the request body came too slowly; send at least {limits.rate / 1024:.0f} KiB "
                "in a second",
            ) from None
        self._waited += time.monotonic() - start
        content = message.get("body", b"")
        self.size += len(content)
        self._count(len(content))
        if self.size > self._max_bytes:
            raise HTTPException(413, _too_large(self._max_bytes))
        self._count_brackets(content)
        self._complete = not message.get("more_body", False)
        self.expected = self.expected and not self._complete
        return message

    def _count_brackets(self, content: bytes) -> None:
        if self.brackets_left is None:
            return
        self.brackets_left -= content.count(b"[")
        if self.brackets_left < 0:
            raise HTTPException(
                422,
                f"the request has more than {self._limits.brackets} points or lists; simplify "
                "the outlines",
            )

    async def drain(self) -> None:
        """Discards a part of the rest: a client reads no response while it is still sending."""
        left, deadline = LINGER_BYTES, time.monotonic() + LINGER_SECONDS
        while self.expected and left > 0 and (seconds := deadline - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(self._receive(), seconds)
            except TimeoutError:
                break
            left -= len(message.get("body", b""))
            self.expected = bool(message.get("more_body", False))
        self._complete = True


class _TimedResponse:
    """Sends a response with the security headers; raises `TimeoutError` if the client is slow."""

    def __init__(self, send: Send, limits: RequestLimits, path: str, body: _LimitedBody) -> None:
        self._send, self._limits, self._body = send, limits, body
        self._waited, self._sent = 0.0, 0
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
        limits, start = self._limits, time.monotonic()
        left = limits.send + self._sent / limits.rate - self._waited
        await asyncio.wait_for(self._send(message), max(min(limits.send, left), 0.0))
        self._waited += time.monotonic() - start
        self._sent += len(message.get("body", b""))


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _host_name(host: str) -> str:
    """A Host header without its port."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") and ":" in host else host
    return name.strip("[]").lower()
