"""Runs the application in uvicorn until it is told to stop."""

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
from panodent.serve.app import Service, Settings
from panodent.serve.problems import problem

HEADER_SECONDS = 15.0
KEEP_ALIVE_SECONDS = 30
FLUSH_SECONDS = 30.0
GRACE_SECONDS = 25
MOST_CONNECTIONS = 512
OPEN_FILES = 4096


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that lets go of a client that says nothing, or too little, or does not listen."""

    _clock: asyncio.TimerHandle | None = None
    _sweep: asyncio.TimerHandle | None = None
    _closing = False

    def connection_made(self, transport: Any) -> None:
        """Starts the clock."""
        super().connection_made(transport)
        self._start_clock()
        self._look()

    def data_received(self, data: bytes) -> None:
        """Stops the clock at a whole header, starts it at the first byte of another."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_clock()
        elif self._clock is None and self.conn.trailing_data[0]:
            self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._stop_clock()
        if self._sweep is not None:
            self._sweep.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """As a problem; closes."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        answer = problem(400, "this is no HTTP/1.1 request that can be read")
        headers = [(b"connection", b"close"), *answer.raw_headers]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _look(self) -> None:
        """Lets go of a connection that is to be closed but whose client does not take the rest."""
        if self._closing:
            self.transport.abort()
            return
        self._closing = self.transport.is_closing()
        self._sweep = self.loop.call_later(FLUSH_SECONDS, self._look)

    def _start_clock(self) -> None:
        self._clock = self.loop.call_later(HEADER_SECONDS, self._late)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _late(self) -> None:
        self._clock = None
        self.transport.abort()


class _Server(uvicorn.Server):
    """Tells the service at once that it is to stop; the first signal ends it well."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, but who follows a job is let go first."""
        self._service.begin_stop()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but a stop that was asked for is no failure of the process."""
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises `ConfigError`."""
    found = None
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(256)
    except OSError as error:
        if found is not None:
            found.close()
        raise ConfigError(f"cannot listen on {host}:{port} ({error.strerror})") from None
    return found


def run(settings: Settings, line: socket.socket, verbose: bool = False) -> None:
    """Serves until SIGINT or SIGTERM, then ends what is in work.

    Raises `PanodentError` where it cannot start.
    """
    _log(verbose)
    _allow_open_files()
    service = Service(settings)
    config = uvicorn.Config(
        service,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    try:
        asyncio.run(_Server(config, service).serve([line]))
    except SystemExit:
        if service.failure is not None:
            raise service.failure from None
        raise


def _log(verbose: bool) -> None:
    log, handler = logging.getLogger("panodent.serve"), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.INFO if verbose else logging.WARNING)


def _allow_open_files() -> None:
    """A connection is an open file, and the usual bound of 1024 is soon reached."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
