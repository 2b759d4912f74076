"""What the routes do: the crew finds teeth, the store keeps them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from panodent.errors import PanodentError
from panodent.files import write_whole
from panodent.measure import measure
from panodent.serve.crew import BusyError, Crew, TaskError
from panodent.serve.store import Store, new_id, now, suffix_of
from panodent.serve.study import Study, identified, shown_name, teeth_of

T = TypeVar("T")
EXPIRY_SECONDS = 3600.0
REPORT_SECONDS = 30.0
"""Between two signs of life to who follows a job."""


class Work:
    """One service's work; `retain` is how many days an untouched study is kept, 0 for ever."""

    def __init__(self, store: Store, crew: Crew, retain: float = 0.0) -> None:
        self.store, self.crew, self.retain = store, crew, retain
        self._tasks: set[asyncio.Task[Any]] = set()
        self._queued, self._moved = asyncio.Event(), asyncio.Condition()
        self._stopping = asyncio.Event()
        # One thread for the database keeps SQLite's writers from waiting for each other.
        self._keeper = ThreadPoolExecutor(1, "store")

    # --- life -----------------------------------------------------------------------------

    async def start(self) -> None:
        """Starts the workers, and takes up what an earlier run left."""
        await asyncio.gather(self.crew.start(), self.keep(self.store.tidy))
        for _ in range(self.crew.size):
            self._spawn(self._work_off())
        if self.retain:
            self._spawn(self._expire())
        self._queued.set()

    async def stop(self) -> None:
        """Ends what is in work, leaves what is queued for the next start."""
        self._stopping.set()
        self._queued.set()
        await self._tell()
        done, late = (
            await asyncio.wait(self._tasks, timeout=20.0) if self._tasks else (set(), set())
        )
        for task in late:
            task.cancel()
        await asyncio.gather(*done, *late, return_exceptions=True)
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

    async def predict(self, upload: BinaryIO, name: str | None, want: Sequence[str]) -> Any:
        """What a worker makes of an uploaded file: (head, pieces); nothing is kept."""
        self.crew.check()
        shown = shown_name(name)
        folder = self.store.folder / "files" / new_id()
        file = folder / f"original{suffix_of(shown)}"
        try:
            await asyncio.to_thread(_copy, upload, file)
            return await self.crew.ask(_predict(file, shown, want))
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, True)

    async def add(self, upload: BinaryIO, name: str | None) -> Study:
        """A new study of an uploaded file."""
        self.crew.check()
        shown = shown_name(name)
        study, suffix = new_id(), suffix_of(shown)
        await asyncio.to_thread(_copy, upload, self.store.original(study, suffix))
        try:
            made = await self._study(study, shown, suffix)
            await self.keep(self.store.add, made, suffix)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, self.store.original(study, "").parent, True)
            raise
        return made

    async def example(self) -> Study:
        """A new study of a phantom."""
        seed = secrets.randbelow(100_000)
        _, pieces = await self.crew.ask({"task": "phantom", "seed": seed, "name": "example"})
        study, name = new_id(), f"example-{seed:05d}.png"
        file = self.store.original(study, ".png")
        try:
            await asyncio.to_thread(write_whole, file, pieces["image"])
            made = await self._study(study, name, ".png")
            await self.keep(self.store.add, made, ".png")
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, file.parent, True)
            raise
        return made

    async def _study(self, study: str, name: str, suffix: str, patient: bool = False) -> Study:
        file = self.store.original(study, suffix)
        head, pieces = await self.crew.ask(_predict(file, name, ("record", "image")), patient)
        await asyncio.to_thread(write_whole, self.store.picture(study), pieces["image"])
        record = json.loads(pieces["record"])
        teeth = identified(record["teeth"])
        moment = now()
        about = ("quality", "warning", "notes", "spacing_mm", "bundle")
        return Study(
            id=study,
            name=name,
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
        """Keeps a person's edit, and writes the results and the training data in its wake."""
        saved = await self.keep(self.store.save, study, revision, entries)
        self._spawn(self._write(saved))
        return saved

    async def _write(self, study: Study) -> None:
        folder = self.store.results(study.id)
        with contextlib.suppress(PanodentError):  # the edit itself is kept
            task = {**await self._case(study), "task": "write", "folder": str(folder)}
            await self.crew.ask(task, True)
            await self.keep(self.store.write_training)

    async def export(self, study: str, name: str, numbering: str) -> bytes:
        """One file of a study as it stands; raises `TaskError` where it cannot be made."""
        found = await self.keep(self.store.get, study)
        task = {"task": "export", "export": name, "numbering": numbering}
        _, pieces = await self.crew.ask({**await self._case(found), **task})
        return pieces["file"]

    async def _case(self, study: Study) -> dict[str, Any]:
        file = await self.keep(self.store.file_of, study.id)
        return {"file": str(file), "name": study.name, "record": study.record()}

    async def measurements(self, study: str) -> dict[str, Any]:
        """What `panodent measure` says of a study as it stands, with the teeth's ids."""
        found = await self.keep(self.store.get, study)
        spacing = found.about.get("spacing_mm")
        pair = (float(spacing[0]), float(spacing[1])) if spacing else None
        data = await asyncio.to_thread(lambda: measure(teeth_of(found), pair).to_dict())
        for tooth, entry in zip(found.teeth, data["teeth"], strict=True):
            entry["id"] = tooth["id"]
        return data

    # --- jobs -----------------------------------------------------------------------------

    async def add_job(self, uploads: Sequence[tuple[str | None, BinaryIO]]) -> dict[str, Any]:
        """Queues uploaded files; the job."""
        files = []
        try:
            for name, upload in uploads:
                shown, study = shown_name(name), new_id()
                files.append((study, shown, suffix_of(shown)))
                await asyncio.to_thread(_copy, upload, self.store.original(study, suffix_of(shown)))
            job = await self.keep(self.store.add_job, files)
        except BaseException:
            for study, _, _ in files:
                await asyncio.to_thread(shutil.rmtree, self.store.original(study, "").parent, True)
            raise
        self._queued.set()
        return await self.keep(self.store.job, job)

    async def follow(self, job: str) -> Any:
        """Yields the job whenever it has moved, until it is over or the service stops."""
        while True:
            state = await self.keep(self.store.job, job)
            yield state
            if state["state"] in ("done", "cancelled") or self.stopping:
                return
            async with self._moved:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._moved.wait(), REPORT_SECONDS)

    async def cancel(self, job: str) -> None:
        """Drops what is queued of a job."""
        await self.keep(self.store.cancel, job)
        await self._tell()

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    async def _work_off(self) -> None:
        while not self.stopping:
            item = await self.keep(self.store.take)
            if item is None:
                self._queued.clear()
                item = await self.keep(self.store.take)  # queued between the look and the clearing
            if item is None:
                await self._queued.wait()
                continue
            await self._tell()
            try:
                study = await self._study(item["id"], item["name"], item["suffix"], patient=True)
                await self.keep(self.store.finish, item["id"], study, item["suffix"])
            except TaskError as error:
                await self.keep(self.store.fail, item["id"], str(error))
            except BaseException:
                await self.keep(self.store.give_back, item["id"])
                if not self.stopping:
                    await asyncio.sleep(1.0)  # a full disk, or a worker that does not start
                    continue
                raise
            await self._tell()

    async def _expire(self) -> None:
        while not self.stopping:
            await self.keep(self.store.expire, self.retain)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), EXPIRY_SECONDS)


def _predict(file: Path, name: str, want: Sequence[str]) -> dict[str, Any]:
    return {"task": "predict", "file": str(file), "name": name, "want": list(want)}


def _copy(upload: BinaryIO, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        shutil.copyfileobj(upload, stream, 1 << 20)


__all__ = ["BusyError", "Work"]
