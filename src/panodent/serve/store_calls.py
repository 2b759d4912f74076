"""Calls of the store in a thread of its own, repeated while the database or the disk is away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from panodent.errors import BusyError, OutputError, WorkerLostError
from panodent.serve.redaction import redacted

log = logging.getLogger("panodent.serve")

T = TypeVar("T")
FIRST_RETRY_SECONDS = 0.5
RETRY_SECONDS = 5.0
"""Pauses between two attempts: the first one, which doubles each time, and the longest."""


def is_temporary(error: BaseException) -> bool:
    """Whether the same work can succeed later: no database, a full disk, no process for a worker.

    >>> is_temporary(OutputError("no space")), is_temporary(ValueError("a fault of the program"))
    (True, False)
    """
    if isinstance(error, DataError | IntegrityError | WorkerLostError):
        return False
    # A driver in the middle of an answer raises `struct.error` when the connection ends.
    return isinstance(error, SQLAlchemyError | OSError | OutputError | BusyError | struct.error)


class StoreCalls:
    """Calls methods of the store, one at a time: nothing creates files while they are deleted.

    stopping : set when the service stops; then nothing is repeated any more.
    troubles : what keeps work waiting, by the kind of work, for the readiness check.
    """

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._thread = ThreadPoolExecutor(1, "store")
        self.troubles: dict[str, str] = {}

    async def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Calls a method of the store once; raises what it raises."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, function, *arguments)

    async def with_retries(self, function: Callable[..., T], *arguments: Any) -> T:
        """As `call`, but tries again until the database or the disk is available.

        `function` must give the same result if it runs twice: the answer of the first time may be
        lost. Raises other errors at once, and `BusyError` when the service stops.
        """
        name, seconds = getattr(function, "__name__", "call"), FIRST_RETRY_SECONDS
        while True:
            try:
                found = await self.call(function, *arguments)
            except Exception as error:
                if not is_temporary(error):
                    raise
                if name not in self.troubles:
                    log.error("the store does not answer; waiting for it: %s", redacted(error))
                self.troubles[name] = "the store does not answer; work waits until it does"
                await self.pause(seconds)
                seconds = min(2 * seconds, RETRY_SECONDS)
                if self._stopping.is_set():
                    raise BusyError("the service is stopping") from None
            else:
                if self.troubles.pop(name, None) is not None:
                    log.warning("the store answers again")
                return found

    async def pause(self, seconds: float) -> None:
        """Sleeps, but ends early when the service stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def close(self) -> None:
        """Ends the thread after the calls in progress."""
        self._thread.shutdown(wait=True)
