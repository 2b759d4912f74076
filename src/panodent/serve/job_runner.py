"""Runs the radiographs of jobs, one after the other in each loop, until each has an end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from panodent.errors import TaskError, WorkerLostError
from panodent.serve.notifier import Notifier
from panodent.serve.redaction import redacted
from panodent.serve.store.job_queue import MAX_ATTEMPTS
from panodent.serve.store.store import Store
from panodent.serve.store.upload import Upload
from panodent.serve.store_calls import RETRY_SECONDS, StoreCalls, is_temporary
from panodent.serve.study import Study

log = logging.getLogger("panodent.serve")

TROUBLE = "radiographs of jobs"
"""The work that waits, as a key of `StoreCalls.troubles`."""


class JobRunner:
    """Takes radiographs from the queue in the store, and turns each into a study or a reason.

    predict : the study of an uploaded file; its picture is written already.
    queued, changed : notified when work is added, and when a job changes.
    """

    def __init__(
        self, store: Store, calls: StoreCalls, predict: Callable[[Upload], Awaitable[Study]]
    ) -> None:
        self._store, self._calls, self._predict = store, calls, predict
        self.queued, self.changed = Notifier(), Notifier()
        self._in_work: dict[str, Mapping[str, Any]] = {}
        self._answer_lost = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Runs items until `stopping`; nothing but that ends it."""
        while not stopping.is_set():
            seen = self.queued.count
            try:
                if self._store.disk.is_low:
                    self._calls.troubles["disk"] = _LOW
                    await self._calls.pause(RETRY_SECONDS)
                    continue
                self._calls.troubles.pop("disk", None)
                item = await self._calls.with_retries(self._take)
                if item is None:
                    await self.queued.wait(seen)
                    continue
                self.changed.notify()
                try:
                    await self._finish(item)
                finally:
                    if self._in_work.get(item["id"]) is item:
                        del self._in_work[item["id"]]
            except Exception as error:  # a fault of the program, or the service stops
                if not stopping.is_set():
                    log.error("the queue could not be read: %s", redacted(error))
                    self._answer_lost = True
                    await self._calls.pause(RETRY_SECONDS)
            self.changed.notify()

    def _take(self) -> Mapping[str, Any] | None:
        """The next item, in the store's thread.

        If the answer of an earlier call was lost, an item is marked as running and nobody has it.
        """
        if self._answer_lost:
            self._store.jobs.requeue_lost(self._in_work)
        self._answer_lost = True
        item = self._store.jobs.take()
        self._answer_lost = False
        if item is not None:
            self._in_work[item["id"]] = item
        return item

    def _requeue(self, item: Mapping[str, Any], counted: bool) -> None:
        """Queues an item again, in the store's thread.

        If the answer of the first call was lost, another loop may have taken it since.
        """
        if self._in_work.get(item["id"]) is item:
            self._store.jobs.requeue(item, counted)

    async def _finish(self, item: Mapping[str, Any]) -> None:
        try:
            await self._run(item)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):  # `recover` queues it at the next start
                await self._calls.call(self._store.jobs.requeue, item, False)
            raise
        except Exception as error:
            await self._not_done(item, error)
        else:
            self._calls.troubles.pop(TROUBLE, None)

    async def _run(self, item: Mapping[str, Any]) -> None:
        upload = Upload(item["id"], item["name"], item["suffix"], self._store.files)
        try:
            study = await self._predict(upload)
        except TaskError as error:
            await self._calls.with_retries(self._store.jobs.fail, item["id"], str(error))
        else:
            await self._calls.with_retries(self._store.jobs.finish, study, upload.suffix)

    async def _not_done(self, item: Mapping[str, Any], error: Exception) -> None:
        """After an error that is not the file's: waits, tries again, or gives up and keeps it."""
        if is_temporary(error):
            self._calls.troubles[TROUBLE] = (
                "radiographs of jobs cannot be processed; check the disk and the memory"
            )
            log.error("a radiograph of a job waits: %s", redacted(error))
            await self._calls.with_retries(self._requeue, item, False)
            await self._calls.pause(RETRY_SECONDS)
            return
        log.error("a radiograph of a job was not processed: %s", redacted(error))
        if item["attempts"] < MAX_ATTEMPTS:
            await self._calls.with_retries(self._requeue, item, True)
            return
        reason = f"{error}, {MAX_ATTEMPTS} times" if isinstance(error, WorkerLostError) else _FAULT
        await self._calls.with_retries(
            self._store.jobs.fail, item["id"], f"{reason}; the file is kept for another try", True
        )


_LOW = "the disk of the store is nearly full: queued radiographs wait; delete studies or free space"
_FAULT = "the service could not process it, and its log says more"
