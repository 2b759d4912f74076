"""Runs the application in uvicorn until SIGINT or SIGTERM, and closes slow connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from panodent.errors import ConfigError
from panodent.serve.app import App, ServiceSettings
from panodent.serve.problems import problem
from panodent.utils.network import is_loopback

HEADER_SECONDS = 15.0
"""Longest time for the header of a request."""
KEEP_ALIVE_SECONDS = 30
"""Longest time between two requests on one connection."""
FLUSH_SECONDS = 30.0
"""Longest time until the client has read the rest of a response on a closing connection."""
GRACE_SECONDS = 25
"""Longest time for the requests in progress when the service stops."""
MAX_CONNECTIONS = 512
SPARE_CONNECTIONS = 64
"""Connections beyond `MAX_CONNECTIONS` where none is idle, so that health checks get through."""
MAX_PER_ADDRESS = 64
OPEN_FILES = 4096


class TimeoutProtocol(H11Protocol):
    """HTTP/1.1 that closes slow connections (header and write timeouts).

    The idle timeout between two requests is uvicorn's `timeout_keep_alive`. uvicorn has no other
    timeouts, so this class extends a private one: pyproject.toml allows the versions with which it
    was tested, and a test checks that all attributes used here exist.
    """

    max_per_address = MAX_PER_ADDRESS
    """Connections of one address; loopback has no limit, because a proxy connects from there."""
    idle_since = 0.0
    """Time of the event loop when the connection was made, or answered its last request."""
    _header_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None
    _was_closing = False

    def connection_made(self, transport: Any) -> None:
        """Starts the timers; refuses the connection if there are too many."""
        super().connection_made(transport)
        self.idle_since = self.loop.time()
        self._start_header_timer()
        self._check_closing()
        if detail := self._refusal():
            self._refuse(503, "Service Unavailable", detail)

    def _refusal(self) -> str:
        """Why there are too many connections, '' if there are not; may close an idle one."""
        mine = (one for one in self.connections if isinstance(one, TimeoutProtocol))
        others = [one for one in mine if one is not self]
        address = self.client[0] if self.client else ""
        if not is_loopback(address):
            same = sum(1 for one in others if one.client and one.client[0] == address)
            if same >= self.max_per_address:
                return f"{same} connections from your address are open, which is the limit"
        if len(others) < MAX_CONNECTIONS:
            return ""
        idle = [one for one in others if one.cycle is None or one.cycle.response_complete]
        if idle:
            min(idle, key=lambda one: one.idle_since).transport.abort()
            return ""
        if len(others) < MAX_CONNECTIONS + SPARE_CONNECTIONS:
            return ""
        return f"{len(others)} connections are open, which is the limit"

    def on_response_complete(self) -> None:
        """Notes the time."""
        self.idle_since = self.loop.time()
        super().on_response_complete()

    def data_received(self, data: bytes) -> None:
        """Stops the header timer after a whole header, starts it at the first byte of the next."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_header_timer()
        elif self._header_timer is None and self.conn.trailing_data[0]:
            self._start_header_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the timers."""
        self._stop_header_timer()
        if self._write_timer is not None:
            self._write_timer.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answers a malformed request with problem details, and closes the connection."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        self._refuse(400, "Bad Request", "the request is not valid HTTP/1.1")

    def _refuse(self, status: int, reason: str, detail: str) -> None:
        response = problem(status, detail)
        headers = [(b"connection", b"close"), *response.raw_headers]
        for event in (
            h11.Response(status_code=status, headers=headers, reason=reason.encode()),
            h11.Data(data=bytes(response.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _check_closing(self) -> None:
        """Aborts a connection that is still closing: its client does not read the rest."""
        if self._was_closing:
            self.transport.abort()
            return
        self._was_closing = self.transport.is_closing()
        self._write_timer = self.loop.call_later(FLUSH_SECONDS, self._check_closing)

    def _start_header_timer(self) -> None:
        self._header_timer = self.loop.call_later(HEADER_SECONDS, self._abort)

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _abort(self) -> None:
        self._header_timer = None
        self.transport.abort()


class _Server(uvicorn.Server):
    """Ends event streams at a stop; the first signal stops the service with exit code 0."""

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends event streams first: uvicorn would wait for them."""
        self._app.begin_stop()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but without raising the signal again after the stop."""
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `ConfigError`."""
    listener = None
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Where the protocol is named, asyncio switches TCP_NODELAY on. Otherwise the system keeps
        # the body of a response back until the client has acknowledged the header: 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(256)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise ConfigError(f"cannot listen on {host}:{port} ({error.strerror})") from None
    return listener


def run(
    settings: ServiceSettings,
    listener: socket.socket,
    verbose: bool = False,
    max_per_address: int = MAX_PER_ADDRESS,
) -> None:
    """Serves until SIGINT or SIGTERM, then finishes the requests in progress.

    verbose : whether each request is logged, not only warnings and errors.
    max_per_address : connections that one address other than loopback may have.

    Raises `PanodentError` if the service cannot start.
    """
    _set_up_log(verbose)
    _raise_open_files_limit()
    app = App(settings)
    protocol = type("Protocol", (TimeoutProtocol,), {"max_per_address": max_per_address})
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="on",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    try:
        asyncio.run(_Server(config, app).serve([listener]))
    except SystemExit:
        if app.failure is None:
            raise
    # After a failed start uvicorn exits (0.50 and later) or returns (before).
    if app.failure is not None:
        raise app.failure


def _set_up_log(verbose: bool) -> None:
    log, handler = logging.getLogger("panodent.serve"), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.INFO if verbose else logging.WARNING)
    # It logs bytes of damaged forms; the client gets the explanation.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


def _raise_open_files_limit() -> None:
    """Each connection is an open file; the usual limit of 1024 is too low for many clients."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
