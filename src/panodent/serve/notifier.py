"""Wakes waiting tasks when something changes."""

from __future__ import annotations

import asyncio


class Notifier:
    """Counts notifications; a task that waits names the count it has seen, so it misses none.

    >>> notifier = Notifier()
    >>> seen = notifier.count
    >>> notifier.notify()
    >>> asyncio.run(notifier.wait(seen, 60.0))  # returns at once
    """

    def __init__(self) -> None:
        self.count = 0
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wakes all waiting tasks."""
        self.count += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seen: int, seconds: float | None = None) -> None:
        """Returns after a notification later than the count `seen`, or after `seconds`."""
        if self.count != seen:
            return
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return
