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

HEADER_SECONDS = 15.0
"""Longest time for the header of a request."""
KEEP_ALIVE_SECONDS = 30
"""Longest time between two requests on one connection."""
FLUSH_SECONDS = 30.0
"""Longest time until the client has read the rest of a response on a closing connection."""
GRACE_SECONDS = 25
"""Longest time for the requests in progress when the service stops."""
MAX_CONNECTIONS = 512
OPEN_FILES = 4096


class TimeoutProtocol(H11Protocol):
    """HTTP/1.1 that closes slow connections (header and write timeouts).

    The idle timeout between two requests is uvicorn's `timeout_keep_alive`. uvicorn has no other
    timeouts, so this class extends a private one: pyproject.toml allows the versions with which it
    was tested, and a test checks that all attributes used here exist.
    """

    _header_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None
    _was_closing = False

    def connection_made(self, transport: Any) -> None:
        """Starts the timers."""
        super().connection_made(transport)
        self._start_header_timer()
        self._check_closing()

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
        response = problem(400, "the request is not valid HTTP/1.1")
        headers = [(b"connection", b"close"), *response.raw_headers]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
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
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(256)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise ConfigError(f"cannot listen on {host}:{port} ({error.strerror})") from None
    return listener


def run(settings: ServiceSettings, listener: socket.socket, verbose: bool = False) -> None:
    """Serves until SIGINT or SIGTERM, then finishes the requests in progress.

    verbose : whether each request is logged, not only warnings and errors.

    Raises `PanodentError` if the service cannot start.
    """
    _set_up_log(verbose)
    _raise_open_files_limit()
    app = App(settings)
    config = uvicorn.Config(
        app,
        http=TimeoutProtocol,
        ws="none",
        lifespan="on",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
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


def _raise_open_files_limit() -> None:
    """Each connection is an open file; the usual limit of 1024 is too low for many clients."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
