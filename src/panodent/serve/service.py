"""The operations behind the routes: the worker pool finds teeth, the store keeps them."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from panodent.errors import BusyError, OutputError, TaskError
from panodent.serve.job_runner import JobRunner
from panodent.serve.redaction import redacted
from panodent.serve.result_writer import ResultWriter
from panodent.serve.store.folders import sync_folder
from panodent.serve.store.store import Store, now, stale_edit
from panodent.serve.store.upload import Upload, new_id, write_upload
from panodent.serve.store_calls import StoreCalls
from panodent.serve.study import Study, doubtful_count, new_study, printable
from panodent.serve.workers.pool import WorkerPool
from panodent.utils.atomic_files import write_whole

log = logging.getLogger("panodent.serve")

EXPIRY_SECONDS = 3600.0
REPORT_SECONDS = 15.0
"""Longest time between two events to a client that follows a job."""
STOP_SECONDS = 20.0


class Service:
    """Finds teeth with `pool` and keeps studies in `store`.

    retain_days : days after which an unchanged study is deleted; 0 keeps it forever.
    followers : clients that follow a job's events at the moment.
    calls : calls the store in its own thread.
    """

    def __init__(self, store: Store, pool: WorkerPool, retain_days: float = 0.0) -> None:
        self.store, self.pool, self.retain_days = store, pool, retain_days
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = asyncio.Event()
        self.calls = StoreCalls(self._stopping)
        self.call_store = self.calls.call
        self.jobs = JobRunner(store, self.calls, self._study_of_job)
        self.results = ResultWriter(store, self.calls, self._make_results)
        self.followers = 0

    # --- start and stop -------------------------------------------------------------------

    async def start(self) -> None:
        """Starts the workers, and continues what an earlier run left unfinished."""
        await self.call_store(self.store.recover)
        await self.pool.start()
        for _ in range(self.pool.size):
            self._spawn(self.jobs.run(self._stopping))
        self._spawn(self.results.run(self._stopping))
        if self.retain_days:
            self._spawn(self._delete_expired())

    def begin_stop(self) -> None:
        """Starts no further work, and ends event streams."""
        self._stopping.set()
        for notifier in (self.jobs.queued, self.jobs.changed, self.results.saved):
            notifier.notify()

    async def stop(self) -> None:
        """Finishes the work in progress; queued work stays for the next start."""
        self.begin_stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.pool.stop()
        self.calls.close()
        self.store.close()

    @property
    def stopping(self) -> bool:
        """Whether the service is stopping."""
        return self._stopping.is_set()

    def _spawn(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not self.stopping:
            log.error("a task of the service ended: %s", redacted(error))

    @property
    def trouble(self) -> str:
        """What keeps work waiting at the moment, '' if nothing does."""
        return next(iter(self.calls.troubles.values()), "")

    # --- predicting -----------------------------------------------------------------------

    async def predict(
        self, upload: Upload, want: Sequence[str], *, ignore_limit: bool = False
    ) -> Any:
        """(header, blobs) from a worker for an uploaded file; nothing is kept.

        want : names of blobs, see `panodent.serve.workers.task_runner.TaskRunner.predict`.
        """
        try:
            return await self.pool.run(_predict_task(upload, want), ignore_limit=ignore_limit)
        finally:
            await asyncio.to_thread(upload.remove)

    async def add(self, upload: Upload) -> Study:
        """A new study from an uploaded file below the store's `files`."""
        try:
            study = await self._predicted_study(upload)
        except BaseException:
            await asyncio.to_thread(upload.remove)
            raise
        try:
            await self.call_store(self.store.add, study, upload.suffix)
        except BaseException:
            # The row may have been written: the client is told that it was not.
            self._spawn(self.calls.with_retries(self.store.withdraw, study.id))
            raise
        return study

    async def add_example(self) -> Study:
        """A new study from a phantom."""
        self.store.disk.check()
        seed = secrets.randbelow(100_000)
        _, blobs = await self.pool.run({"task": "phantom", "seed": seed, "name": "example"})
        name = f"example-{seed:05d}.png"
        upload = await asyncio.to_thread(write_upload, self.store.files, name, blobs["image"])
        return await self.add(upload)

    async def _study_of_job(self, upload: Upload) -> Study:
        return await self._predicted_study(upload, ignore_limit=True, attempts=1)

    async def _predicted_study(self, upload: Upload, **options: Any) -> Study:
        task = _predict_task(upload, ("record", "image"))
        header, blobs = await self.pool.run(task, **options)
        await _whole(asyncio.to_thread(self._write_picture, upload.id, blobs["image"]))
        record = json.loads(blobs["record"])
        return new_study(upload.id, upload.name, str(header["kind"]), now(), record)

    def _write_picture(self, study: str, content: bytes) -> None:
        picture = self.store.picture(study)
        write_whole(picture, content)
        sync_folder(picture.parent)

    # --- one study ------------------------------------------------------------------------

    async def save(
        self,
        study: str,
        revision: int,
        entries: Sequence[dict[str, Any]],
        finding_entries: Sequence[dict[str, Any]] | None = None,
        by: str = "",
    ) -> Study:
        """Saves a user's edit; a worker draws the outlines. Results and training data follow.

        Without `finding_entries`, findings stay as they are and follow their teeth. `by` is who
        saves, recorded where something is accepted.
        """
        before = await self.call_store(self.store.get, study)
        if before.revision != revision:
            raise stale_edit(before.revision, revision)
        task = {
            "task": "edit",
            "name": before.name,
            "entries": list(entries),
            "record": before.record(),
            "predicted": list(before.predicted),
            "revision": revision,
            "stamp": {"by": printable(by), "at": now()},
            "finding_entries": finding_entries,
            "predicted_findings": before.predicted_findings,
            "findings_saved": before.findings_saved,
        }
        _, blobs = await self.pool.run(task)
        teeth = json.loads(blobs["teeth"])
        findings = json.loads(blobs["findings"]) if "findings" in blobs else None
        left = before.findings if findings is None else findings
        about = {**before.about, "doubtful": doubtful_count(teeth, left)}
        saved = await self.call_store(self.store.save, study, revision, teeth, findings, about)
        self.results.saved.notify()
        return saved

    async def export(self, study: str, name: str, numbering: str) -> bytes:
        """One file of a study's current teeth; raises `TaskError` if it cannot be made."""
        found = await self.call_store(self.store.get, study)
        task = {"task": "export", "export": name, "numbering": numbering}
        try:
            _, blobs = await self.pool.run({**await self._input(found), **task})
        except TaskError:
            await self.call_store(self.store.get, study)  # raises if it was deleted in the meantime
            raise
        return blobs["file"]

    async def _input(self, study: Study) -> dict[str, Any]:
        """What a worker needs of a study: its file, name and teeth."""
        file = await self.call_store(self.store.original, study.id)
        about = {"record": study.record(), "notes": study.about.get("notes")}
        return {"file": str(file), "name": study.name, **about}

    async def measurements(self, study: str) -> dict[str, Any]:
        """The output of `panodent measure` for a study's current teeth, with their ids."""
        found = await self.call_store(self.store.get, study)
        task = {"task": "measure", "name": found.name, "record": found.record()}
        _, blobs = await self.pool.run({**task, "spacing": found.about.get("spacing_mm")})
        data: dict[str, Any] = json.loads(blobs["measures"])
        for tooth, entry in zip(found.teeth, data["teeth"], strict=True):
            entry["id"] = tooth["id"]
        return data

    async def tooth_at(self, study: str, clicks: dict[str, Any]) -> dict[str, Any] | None:
        """The tooth that clicks or a box point at, as in teeth.json; None where there is none.

        clicks : the fields of `panodent.inference.clicks.Clicks`. Nothing is kept but what the
        network said of the radiograph, for a while, in a worker.
        """
        found = await self.call_store(self.store.get, study)
        file = await self.call_store(self.store.original, study)
        task = {"task": "prompt", "file": str(file), "name": found.name}
        _, blobs = await self.pool.run({**task, "clicks": clicks})
        return json.loads(blobs["tooth"]) if blobs["tooth"] else None

    async def delete(self, study: str) -> None:
        """Deletes a study with its files and training data; raises `UnknownStudyError`."""
        try:
            saved = await self.call_store(self.store.delete, study)
        except SQLAlchemyError:
            # If the row was deleted and the answer was lost, its files are deleted too.
            self._spawn(self.calls.with_retries(self.store.remove_orphans, [study]))
            raise
        if saved:
            await self._forget_annotations()

    async def _forget_annotations(self) -> None:
        try:
            await self.results.training.write_now()
        except (OutputError, OSError) as error:  # a full disk
            log.error("the training data could not be written: %s", redacted(error))
            await asyncio.to_thread(self.store.training.clear)

    async def _make_results(self, study: Study, folder: Path) -> None:
        task = {**await self._input(study), "task": "write", "folder": str(folder)}
        await self.pool.run(task, ignore_limit=True, attempts=1)

    # --- jobs -----------------------------------------------------------------------------

    async def add_job(self, uploads: Sequence[Upload]) -> dict[str, Any]:
        """Queues uploaded files; returns the job as the API shows it."""
        job = new_id()
        try:
            for upload in uploads:
                await asyncio.to_thread(sync_folder, upload.file.parent)
            await self.call_store(self.store.jobs.add, uploads, job)
        except BaseException:
            ids = [upload.id for upload in uploads]
            self._spawn(self.calls.with_retries(self.store.withdraw_job, job, ids))
            raise
        self.jobs.queued.notify()
        return await self.calls.with_retries(self.store.jobs.get, job)

    async def follow_job(self, job: str) -> AsyncIterator[dict[str, Any]]:
        """Yields the job at each change, until it is finished or the service stops."""
        while True:
            seen = self.jobs.changed.count
            try:
                state = await self.calls.with_retries(self.store.jobs.get, job)
            except BusyError:
                return  # the service stops without its database
            yield state
            if state["state"] in ("done", "cancelled") or self.stopping:
                return
            await self.jobs.changed.wait(seen, REPORT_SECONDS)

    async def retry_job(self, job: str) -> dict[str, Any]:
        """Queues the failed radiographs of a job again whose files were kept; returns the job."""
        if await self.call_store(self.store.jobs.retry, job):
            self.jobs.queued.notify()
            self.jobs.changed.notify()
        return await self.call_store(self.store.jobs.get, job)

    async def cancel_job(self, job: str) -> None:
        """Drops the queued radiographs of a job; removes a finished job."""
        await self.call_store(self.store.disk.with_room, self.store.jobs.cancel, job)
        self.jobs.changed.notify()

    async def _delete_expired(self) -> None:
        while not self.stopping:
            try:
                if await self.calls.with_retries(self.store.expire, self.retain_days):
                    await self._forget_annotations()
            except Exception as error:  # tried again in an hour
                log.error("old studies could not be deleted: %s", redacted(error))
            await self.calls.pause(EXPIRY_SECONDS)


async def _whole(work: Coroutine[Any, Any, None]) -> None:
    """Runs work in a thread to its end, also when it is cancelled: files are deleted after it."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _predict_task(upload: Upload, want: Sequence[str]) -> dict[str, Any]:
    return {
        "task": "predict",
        "file": str(upload.file),
        "name": upload.name,
        "want": list(want),
    }
