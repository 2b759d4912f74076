"""The connection to a Ray cluster: its address, and what Ray prints."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from panodent.errors import ConfigError

LOCAL = "local"
"""Address of a Ray of its own on this machine, which ends with the call."""
_PATIENCE = 10.0
"""Seconds in which a cluster must answer."""


def check_address(address: str) -> None:
    """Raises `ConfigError` for HOST:PORT where nothing answers; Ray would try for minutes."""
    host, colon, port = address.rpartition(":")
    if address in (LOCAL, "auto"):
        return
    try:
        if not (colon and host and "/" not in host):
            raise ValueError("expected HOST:PORT, auto or local")
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _not_reached(address, error) from None


def _not_reached(address: str, error: Exception) -> ConfigError:
    return ConfigError(
        f"--ray {address}: cannot be reached ({' '.join(str(error).split())[:200]}); start a "
        "cluster with `ray start`, or use --ray local"
    )


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A connection to a Ray cluster. Raises `ConfigError` if it cannot be reached."""
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if address == LOCAL:
        # The head node would keep an event of each message between Ray's own actors.
        os.environ.setdefault("RAY_task_events_report_interval_ms", "0")
    import ray
    import ray.data

    try:
        ray.init(
            address=None if address == LOCAL else address,
            include_dashboard=False if address == LOCAL else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _not_reached(address, error) from None
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # errors are raised as well
    try:
        yield
    finally:
        ray.shutdown()
