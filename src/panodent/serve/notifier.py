"""Word that something has changed, for tasks that wait for it."""

from __future__ import annotations

import asyncio


class Bell:
    """Who waits names the last ring that it has heard, so that none is missed in between.

    >>> bell = Bell()
    >>> heard = bell.rings
    >>> bell.ring()
    >>> asyncio.run(bell.wait(heard, 60.0))  # at once
    """

    def __init__(self) -> None:
        self.rings = 0
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wakes all that wait."""
        self.rings += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, heard: int, seconds: float | None = None) -> None:
        """Returns when it has been rung since `heard`, or after `seconds`."""
        if self.rings != heard:
            return
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return
