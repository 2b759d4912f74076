"""What the routes do: the crew finds teeth, the store keeps them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from panodent.errors import TaskError
from panodent.serve.notifier import Bell
from panodent.serve.redaction import place
from panodent.serve.store.job_queue import MOST_ATTEMPTS
from panodent.serve.store.store import Store, now, stale, sync
from panodent.serve.store.upload import Upload, put
from panodent.serve.study import Study, identified
from panodent.serve.workers.pool import Crew
from panodent.utils.atomic_files import write_whole

log = logging.getLogger("panodent.serve")

T = TypeVar("T")
EXPIRY_SECONDS = 3600.0
REPORT_SECONDS = 15.0
"""Between two signs of life to who follows a job."""
STOP_SECONDS = 20.0
LEISURE = 10
"""Between two writings of the training data lies this many times what one took."""


class Work:
    """One service's work; `retain` is how many days an untouched study is kept, 0 for ever."""

    def __init__(self, store: Store, crew: Crew, retain: float = 0.0) -> None:
        self.store, self.crew, self.retain = store, crew, retain
        self._tasks: set[asyncio.Task[Any]] = set()
        self._queued, self._moved, self._saved = Bell(), Bell(), Bell()
        self._stopping = asyncio.Event()
        # One thread for the database: SQLite's writers need not wait for each other, and what a
        # deletion removes nothing else is putting there.
        self._keeper = ThreadPoolExecutor(1, "store")
        self._training = Training(self)
        self.followers = 0

    # --- life -----------------------------------------------------------------------------

    async def start(self) -> None:
        """Starts the workers, and takes up what an earlier run left."""
        await self.keep(self.store.tidy)
        await self.crew.start()
        for _ in range(self.crew.size):
            self._spawn(self._work_off())
        self._spawn(self._write_results())
        if self.retain:
            self._spawn(self._expire())

    def begin_stop(self) -> None:
        """Nothing new is begun from now on; who follows a job is let go."""
        self._stopping.set()
        for bell in (self._queued, self._moved, self._saved):
            bell.ring()

    async def stop(self) -> None:
        """Ends what is in work, leaves what is queued for the next start."""
        self.begin_stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.crew.stop()
        self._keeper.shutdown(wait=True)
        self.store.close()

    @property
    def stopping(self) -> bool:
        """Whether the service is going down."""
        return self._stopping.is_set()

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def keep(self, do: Callable[..., T], *arguments: Any) -> T:
        """Calls the store on its thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._keeper, do, *arguments)

    # --- predicting -----------------------------------------------------------------------

    async def predict(self, upload: Upload, want: Sequence[str], patient: bool = False) -> Any:
        """What a worker makes of an uploaded file: (head, pieces); nothing is kept."""
        try:
            return await self.crew.ask(_predict(upload, want), patient)
        finally:
            await asyncio.to_thread(upload.remove)

    async def add(self, upload: Upload) -> Study:
        """A new study of an uploaded file, which lies below the store's `files`."""
        try:
            made = await self._study(upload)
        except BaseException:
            await asyncio.to_thread(upload.remove)
            raise
        # Should this be cut off, `tidy` finds out whether the row was still made.
        await self.keep(self.store.add, made, upload.suffix)
        return made

    async def example(self) -> Study:
        """A new study of a phantom."""
        seed = secrets.randbelow(100_000)
        _, pieces = await self.crew.ask({"task": "phantom", "seed": seed, "name": "example"})
        name = f"example-{seed:05d}.png"
        upload = await asyncio.to_thread(put, self.store.files, name, pieces["image"])
        return await self.add(upload)

    async def _study(self, upload: Upload, patient: bool = False) -> Study:
        head, pieces = await self.crew.ask(_predict(upload, ("record", "image")), patient)
        picture = self.store.picture(upload.id)
        await asyncio.to_thread(write_whole, picture, pieces["image"])
        await asyncio.to_thread(sync, picture.parent)
        record = json.loads(pieces["record"])
        teeth = identified(record["teeth"])
        moment = now()
        about = ("quality", "warning", "notes", "spacing_mm", "bundle")
        return Study(
            id=upload.id,
            name=upload.name,
            kind=str(head["kind"]),
            created=moment,
            updated=moment,
            width=int(record["width"]),
            height=int(record["height"]),
            predicted=teeth,
            teeth=teeth,
            about={key: record.get(key) for key in about},
        )

    # --- a study --------------------------------------------------------------------------

    async def save(self, study: str, revision: int, entries: Sequence[dict[str, Any]]) -> Study:
        """Keeps a person's edit; results and training data follow. A worker draws the outlines."""
        before = await self.keep(self.store.get, study)
        if before.revision != revision:
            raise stale(before.revision, revision)
        task = {"task": "edit", "name": before.name, "entries": list(entries)}
        about = {
            "record": before.record(),
            "predicted": list(before.predicted),
            "revision": revision,
        }
        _, pieces = await self.crew.ask({**task, **about})
        saved = await self.keep(self.store.save, study, revision, json.loads(pieces["teeth"]))
        self._saved.ring()
        return saved

    async def export(self, study: str, name: str, numbering: str) -> bytes:
        """One file of a study as it stands; raises `TaskError` where it cannot be made."""
        found = await self.keep(self.store.get, study)
        task = {"task": "export", "export": name, "numbering": numbering}
        try:
            _, pieces = await self.crew.ask({**await self._case(found), **task})
        except TaskError:
            await self.keep(self.store.get, study)  # deleted meanwhile: then that is the answer
            raise
        return pieces["file"]

    async def _case(self, study: Study) -> dict[str, Any]:
        file = await self.keep(self.store.original, study.id)
        return {"file": str(file), "name": study.name, "record": study.record()}

    async def measurements(self, study: str) -> dict[str, Any]:
        """What `panodent measure` says of a study as it stands, with the teeth's ids."""
        found = await self.keep(self.store.get, study)
        task = {"task": "measure", "name": found.name, "record": found.record()}
        _, pieces = await self.crew.ask({**task, "spacing": found.about.get("spacing_mm")})
        data: dict[str, Any] = json.loads(pieces["measures"])
        for tooth, entry in zip(found.teeth, data["teeth"], strict=True):
            entry["id"] = tooth["id"]
        return data

    async def delete(self, study: str) -> None:
        """Nothing of a study stays; raises `UnknownStudyError`."""
        if await self.keep(self.store.delete, study):
            await self._training.write()

    async def _write_results(self) -> None:
        """What `panodent predict` writes, of every saved study, and the training data."""
        self._training.due = True  # a crash may have left it behind
        while not self.stopping:
            heard = self._saved.rings
            study = await self.keep(self.store.unwritten)
            if study is not None:
                try:
                    await self._write(study)
                except Exception as error:  # a full disk, or a worker that does not start
                    log.error("results could not be written: %s", place(error))
                    await self._pause(5.0)
            elif self._training.due:
                await self._training.write_in_time()
            else:
                await self._saved.wait(heard)
        if self._training.due:
            await self._training.write()

    async def _write(self, study: Study) -> None:
        folder = self.store.results(f"{study.id}.part")
        made: Path | None = folder
        task = {**await self._case(study), "task": "write", "folder": str(folder)}
        try:
            await self.crew.ask(task, True)
        except TaskError:
            log.warning("a saved study's results could not be made; its export says why")
            made = None
        await self.keep(self.store.place_results, study, made)
        self._training.due = True

    # --- jobs -----------------------------------------------------------------------------

    async def add_job(self, uploads: Sequence[Upload]) -> dict[str, Any]:
        """Queues uploaded files; the job."""
        for upload in uploads:
            await asyncio.to_thread(sync, upload.file.parent)
        job = await self.keep(self.store.jobs.add, uploads)
        self._queued.ring()
        return await self.keep(self.store.jobs.get, job)

    async def follow(self, job: str) -> AsyncIterator[dict[str, Any]]:
        """Yields the job whenever it has moved, until it is over or the service stops."""
        while True:
            heard = self._moved.rings
            state = await self.keep(self.store.jobs.get, job)
            yield state
            if state["state"] in ("done", "cancelled") or self.stopping:
                return
            await self._moved.wait(heard, REPORT_SECONDS)

    async def cancel(self, job: str) -> None:
        """Drops what is queued of a job, or forgets it when it is over."""
        await self.keep(self.store.jobs.cancel, job)
        self._moved.ring()

    async def _work_off(self) -> None:
        while not self.stopping:
            heard = self._queued.rings
            item = await self.keep(self.store.jobs.take)
            if item is None:
                await self._queued.wait(heard)
                continue
            self._moved.ring()
            try:
                await self._become(item)
            except asyncio.CancelledError:
                await self.keep(lambda item=item: self.store.jobs.give_back(item, counted=False))
                raise
            except Exception as error:
                log.error("a radiograph of a job could not be kept: %s", place(error))
                await self._later(item)
            self._moved.ring()

    async def _become(self, item: Mapping[str, Any]) -> None:
        upload = Upload(item["id"], item["name"], item["suffix"], self.store.files)
        try:
            study = await self._study(upload, patient=True)
        except TaskError as error:
            await self.keep(self.store.jobs.fail, item["id"], str(error))
        else:
            await self.keep(self.store.jobs.finish, study, upload.suffix)

    async def _later(self, item: Mapping[str, Any]) -> None:
        """After a fault of the service itself: a full disk, a worker that does not start."""
        with contextlib.suppress(Exception):  # taken up again at the next start
            if item["attempts"] >= MOST_ATTEMPTS:
                reason = "the service could not process it; its log says more"
                await self.keep(self.store.jobs.fail, item["id"], reason)
            else:
                await self.keep(lambda: self.store.jobs.give_back(item, counted=True))
        await self._pause(5.0)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _expire(self) -> None:
        while not self.stopping:
            try:
                if await self.keep(self.store.expire, self.retain):
                    await self._training.write()
            except Exception as error:  # the next hour tries again
                log.error("old studies could not be deleted: %s", place(error))
            await self._pause(EXPIRY_SECONDS)


class Training:
    """When the training data are written: after saves in their turn, after deletions at once."""

    def __init__(self, work: Work) -> None:
        self._work, self.due = work, False
        self._next = 0.0

    async def write(self) -> None:
        """Now."""
        self.due = False
        start = time.monotonic()
        try:
            await asyncio.to_thread(self._work.store.training.write)
        except Exception:
            self.due = True
            self._work._saved.ring()
            raise
        end = time.monotonic()
        self._next = end + LEISURE * (end - start)

    async def write_in_time(self) -> None:
        """Now, or a little later where it was just done: it takes longer the more there is."""
        left = self._next - time.monotonic()
        if left > 0:
            await self._work._pause(min(left, 1.0))
            return
        try:
            await self.write()
        except Exception as error:
            log.error("the training data could not be written: %s", place(error))
            self._next = time.monotonic() + 60.0


def _predict(upload: Upload, want: Sequence[str]) -> dict[str, Any]:
    return {
        "task": "predict",
        "file": str(upload.file),
        "name": upload.name,
        "want": list(want),
    }
