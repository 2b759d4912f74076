"""Runs the application in uvicorn until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from panodent.errors import ConfigError
from panodent.serve.app import Settings, make

HEADER_SECONDS = 15.0
KEEP_ALIVE_SECONDS = 30
GRACE_SECONDS = 25
MOST_CONNECTIONS = 512


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that lets go of a client that connects and then says nothing, or too little."""

    def connection_made(self, transport: Any) -> None:
        """Starts the clock."""
        super().connection_made(transport)
        self._clock = self.loop.call_later(HEADER_SECONDS, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._clock.cancel()
        super().connection_lost(exc)

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises `ConfigError`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(256)
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}:{port} ({error.strerror})") from None
    return found


def run(settings: Settings, line: socket.socket, verbose: bool = False) -> bool:
    """Serves until SIGINT or SIGTERM, then ends what is in work; whether it could start."""
    logging.getLogger("panodent.serve").setLevel(logging.INFO if verbose else logging.WARNING)
    config = uvicorn.Config(
        make(settings),
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    asyncio.run(server.serve([line]))
    return server.started
