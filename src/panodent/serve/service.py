"""The operations behind the routes: the worker pool finds teeth, the store keeps them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from panodent.errors import TaskError
from panodent.serve.notifier import Notifier
from panodent.serve.redaction import redacted
from panodent.serve.store.job_queue import MAX_ATTEMPTS
from panodent.serve.store.store import Store, now, stale_edit, sync_folder
from panodent.serve.store.training_schedule import TrainingDataSchedule
from panodent.serve.store.upload import Upload, write_upload
from panodent.serve.study import Study, doubtful_count, printable, with_ids
from panodent.serve.workers.pool import WorkerPool
from panodent.utils.atomic_files import write_whole

log = logging.getLogger("panodent.serve")

T = TypeVar("T")
EXPIRY_SECONDS = 3600.0
REPORT_SECONDS = 15.0
"""Longest time between two events to a client that follows a job."""
STOP_SECONDS = 20.0
RETRY_SECONDS = 5.0


class Service:
    """Finds teeth with `pool` and keeps studies in `store`.

    retain_days : days after which an unchanged study is deleted; 0 keeps it forever.
    followers : clients that follow a job's events at the moment.
    """

    def __init__(self, store: Store, pool: WorkerPool, retain_days: float = 0.0) -> None:
        self.store, self.pool, self.retain_days = store, pool, retain_days
        self._tasks: set[asyncio.Task[Any]] = set()
        self._job_queued, self._job_changed, self._study_saved = Notifier(), Notifier(), Notifier()
        self._stopping = asyncio.Event()
        # One thread for the store: writers of SQLite need not wait for each other, and nothing
        # creates files of a study while they are deleted.
        self._store_thread = ThreadPoolExecutor(1, "store")
        self._training = TrainingDataSchedule(
            store.training.write, self._study_saved.notify, self._pause
        )
        self.followers = 0

    # --- start and stop -------------------------------------------------------------------

    async def start(self) -> None:
        """Starts the workers, and continues what an earlier run left unfinished."""
        await self.call_store(self.store.recover)
        await self.pool.start()
        for _ in range(self.pool.size):
            self._spawn(self._run_jobs())
        self._spawn(self._write_results())
        if self.retain_days:
            self._spawn(self._delete_expired())

    def begin_stop(self) -> None:
        """Starts no further work, and ends event streams."""
        self._stopping.set()
        for notifier in (self._job_queued, self._job_changed, self._study_saved):
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
        self._store_thread.shutdown(wait=True)
        self.store.close()

    @property
    def stopping(self) -> bool:
        """Whether the service is stopping."""
        return self._stopping.is_set()

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def call_store(self, function: Callable[..., T], *arguments: Any) -> T:
        """Calls a method of the store in the store's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._store_thread, function, *arguments)

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
        # If this is cancelled, `Store.recover` finds out whether the row was written.
        await self.call_store(self.store.add, study, upload.suffix)
        return study

    async def add_example(self) -> Study:
        """A new study from a phantom."""
        seed = secrets.randbelow(100_000)
        _, blobs = await self.pool.run({"task": "phantom", "seed": seed, "name": "example"})
        name = f"example-{seed:05d}.png"
        upload = await asyncio.to_thread(write_upload, self.store.files, name, blobs["image"])
        return await self.add(upload)

    async def _predicted_study(self, upload: Upload, *, ignore_limit: bool = False) -> Study:
        task = _predict_task(upload, ("record", "image"))
        header, blobs = await self.pool.run(task, ignore_limit=ignore_limit)
        picture = self.store.picture(upload.id)
        await asyncio.to_thread(write_whole, picture, blobs["image"])
        await asyncio.to_thread(sync_folder, picture.parent)
        record = json.loads(blobs["record"])
        teeth = with_ids(record["teeth"])
        moment = now()
        findings = with_ids(record["findings"], "f") if "findings" in record else None
        about = ("quality", "warning", "notes", "spacing_mm", "bundle")
        return Study(
            id=upload.id,
            name=upload.name,
            kind=str(header["kind"]),
            created=moment,
            updated=moment,
            width=int(record["width"]),
            height=int(record["height"]),
            predicted=teeth,
            teeth=teeth,
            about={
                **{key: record.get(key) for key in about},
                "doubtful": doubtful_count(teeth, findings),
            },
            predicted_findings=findings,
            findings=findings,
        )

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
        self._study_saved.notify()
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

    async def delete(self, study: str) -> None:
        """Deletes a study with its files and training data; raises `UnknownStudyError`."""
        if await self.call_store(self.store.delete, study):
            await self._training.write_now()

    async def _write_results(self) -> None:
        """Writes the output of `panodent predict` for each saved study, and the training data."""
        self._training.due = True  # a crash may have left them outdated
        while not self.stopping:
            seen = self._study_saved.count
            study = await self.call_store(self.store.next_without_results)
            if study is not None:
                try:
                    await self._write_results_of(study)
                except Exception as error:  # a full disk, or a worker that does not start
                    log.error("results could not be written: %s", redacted(error))
                    await self._pause(RETRY_SECONDS)
            elif self._training.due:
                await self._training.write_when_due()
            else:
                await self._study_saved.wait(seen)
        if self._training.due:
            await self._training.write_now()

    async def _write_results_of(self, study: Study) -> None:
        folder = self.store.results(f"{study.id}.part")
        written: Path | None = folder
        task = {**await self._input(study), "task": "write", "folder": str(folder)}
        try:
            await self.pool.run(task, ignore_limit=True)
        except TaskError:
            log.warning("a saved study's results could not be made; its export reports the reason")
            written = None
        await self.call_store(self.store.publish_results, study, written)
        self._training.due = True

    # --- jobs -----------------------------------------------------------------------------

    async def add_job(self, uploads: Sequence[Upload]) -> dict[str, Any]:
        """Queues uploaded files; returns the job as the API shows it."""
        for upload in uploads:
            await asyncio.to_thread(sync_folder, upload.file.parent)
        job = await self.call_store(self.store.jobs.add, uploads)
        self._job_queued.notify()
        return await self.call_store(self.store.jobs.get, job)

    async def follow_job(self, job: str) -> AsyncIterator[dict[str, Any]]:
        """Yields the job at each change, until it is finished or the service stops."""
        while True:
            seen = self._job_changed.count
            state = await self.call_store(self.store.jobs.get, job)
            yield state
            if state["state"] in ("done", "cancelled") or self.stopping:
                return
            await self._job_changed.wait(seen, REPORT_SECONDS)

    async def cancel_job(self, job: str) -> None:
        """Drops the queued radiographs of a job; removes a finished job."""
        await self.call_store(self.store.jobs.cancel, job)
        self._job_changed.notify()

    async def _run_jobs(self) -> None:
        while not self.stopping:
            seen = self._job_queued.count
            item = await self.call_store(self.store.jobs.take)
            if item is None:
                await self._job_queued.wait(seen)
                continue
            self._job_changed.notify()
            try:
                await self._run_item(item)
            except asyncio.CancelledError:
                await self.call_store(
                    lambda item=item: self.store.jobs.requeue(item, counted=False)
                )
                raise
            except Exception as error:
                log.error("a radiograph of a job could not be kept: %s", redacted(error))
                await self._requeue_or_fail(item)
            self._job_changed.notify()

    async def _run_item(self, item: Mapping[str, Any]) -> None:
        upload = Upload(item["id"], item["name"], item["suffix"], self.store.files)
        try:
            study = await self._predicted_study(upload, ignore_limit=True)
        except TaskError as error:
            await self.call_store(self.store.jobs.fail, item["id"], str(error))
        else:
            await self.call_store(self.store.jobs.finish, study, upload.suffix)

    async def _requeue_or_fail(self, item: Mapping[str, Any]) -> None:
        """After an error of the service itself: a full disk, a worker that does not start."""
        with contextlib.suppress(Exception):  # `recover` requeues it at the next start
            if item["attempts"] >= MAX_ATTEMPTS:
                reason = "the service could not process it; its log says more"
                await self.call_store(self.store.jobs.fail, item["id"], reason)
            else:
                await self.call_store(lambda: self.store.jobs.requeue(item, counted=True))
        await self._pause(RETRY_SECONDS)

    async def _pause(self, seconds: float) -> None:
        """Sleeps, but ends early when the service stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _delete_expired(self) -> None:
        while not self.stopping:
            try:
                if await self.call_store(self.store.expire, self.retain_days):
                    await self._training.write_now()
            except Exception as error:  # tried again in an hour
                log.error("old studies could not be deleted: %s", redacted(error))
            await self._pause(EXPIRY_SECONDS)


def _predict_task(upload: Upload, want: Sequence[str]) -> dict[str, Any]:
    return {
        "task": "predict",
        "file": str(upload.file),
        "name": upload.name,
        "want": list(want),
    }
