"""Decides when the training data are written: at once after a deletion, later after saves."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from panodent.serve.redaction import redacted

log = logging.getLogger("panodent.serve")

PAUSE_FACTOR = 10
"""After a write, the next one after saves waits this many times the seconds that it took."""
RETRY_SECONDS = 60.0


class TrainingDataSchedule:
    """Runs `write`, which takes longer the more studies are saved, not more often than needed.

    write : writes the training data; runs in a thread.
    wake : wakes the task that calls `write_when_due`, for a retry after a failure.
    pause : sleeps for some seconds, less when the service stops.
    due : whether saved studies have changed since the last write.
    """

    def __init__(
        self,
        write: Callable[[], None],
        wake: Callable[[], None],
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self.due = False
        self._write, self._wake, self._pause = write, wake, pause
        self._next = 0.0

    async def write_now(self) -> None:
        """Writes at once; raises what `write` raises, and then stays due."""
        self.due = False
        start = time.monotonic()
        try:
            await asyncio.to_thread(self._write)
        except Exception:
            self.due = True
            self._wake()
            raise
        end = time.monotonic()
        self._next = end + PAUSE_FACTOR * (end - start)

    async def write_when_due(self) -> None:
        """Writes, or pauses for at most a second while the last write is too recent.

        A failure is logged, and `write` is tried again after `RETRY_SECONDS`.
        """
        left = self._next - time.monotonic()
        if left > 0:
            await self._pause(min(left, 1.0))
            return
        try:
            await self.write_now()
        except Exception as error:
            log.error("the training data could not be written: %s", redacted(error))
            self._next = time.monotonic() + RETRY_SECONDS
