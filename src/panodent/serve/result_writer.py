"""Writes the output of `panodent predict` for each saved study, and the training data."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from panodent.errors import TaskError, WorkerLostError
from panodent.serve.notifier import Notifier
from panodent.serve.redaction import redacted
from panodent.serve.store.store import Store
from panodent.serve.store.training_schedule import TrainingDataSchedule
from panodent.serve.store_calls import RETRY_SECONDS, StoreCalls
from panodent.serve.study import Study

log = logging.getLogger("panodent.serve")

MAX_LOST = 3
"""Workers that the results of one revision may cost."""
TROUBLE = "results"


class ResultWriter:
    """Follows the saves of users.

    make : writes the results of a study to a folder, in a worker.
    saved : notified after each save.
    """

    def __init__(
        self,
        store: Store,
        calls: StoreCalls,
        make: Callable[[Study, Path], Awaitable[Any]],
    ) -> None:
        self._store, self._calls, self._make = store, calls, make
        self.saved = Notifier()
        self.training = TrainingDataSchedule(store.training.write, self.saved.notify, calls.pause)
        self._lost: Counter[tuple[str, int]] = Counter()

    async def run(self, stopping: asyncio.Event) -> None:
        """Writes until `stopping`; nothing but that ends it."""
        self.training.due = True  # a crash may have left them outdated
        while not stopping.is_set():
            seen = self.saved.count
            try:
                study = await self._calls.with_retries(self._store.next_without_results)
                if study is not None:
                    await self._write(study)
                    self._calls.troubles.pop(TROUBLE, None)
                elif self.training.due:
                    await self.training.write_when_due()
                else:
                    await self.saved.wait(seen)
            except Exception as error:  # a full disk, or a worker that does not start
                if stopping.is_set():
                    break
                self._calls.troubles[TROUBLE] = (
                    "results of saved studies cannot be written; check the disk and the memory"
                )
                log.error("results could not be written: %s", redacted(error))
                await self._calls.pause(RETRY_SECONDS)
        await self._write_at_last()

    async def _write_at_last(self) -> None:
        """Writes the training data if they lack a save, also one whose results are not made yet."""
        try:
            waiting = await self._calls.call(self._store.next_without_results)
            if self.training.due or waiting is not None:
                await self.training.write_now()
        except Exception as error:
            log.error("the training data could not be written: %s", redacted(error))

    async def _write(self, study: Study) -> None:
        folder = self._store.results(f"{study.id}.part")
        written: Path | None = folder
        try:
            await self._make(study, folder)
        except TaskError:
            log.warning("a saved study's results could not be made; its export reports the reason")
            written = None
        except WorkerLostError:
            self._lost[study.id, study.revision] += 1
            if self._lost[study.id, study.revision] < MAX_LOST:
                raise
            log.warning("the results of a saved study have ended %d workers", MAX_LOST)
            written = None
        self._lost.pop((study.id, study.revision), None)
        await self._calls.with_retries(self._store.publish_results, study, written)
        self.training.due = True
