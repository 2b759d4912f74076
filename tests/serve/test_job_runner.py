"""Jobs whose database, disk and workers fail again and again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from panodent.errors import BusyError, OutputError, TaskError, WorkerLostError
from panodent.serve import store_calls
from panodent.serve.job_runner import TROUBLE, JobRunner
from panodent.serve.store.job_queue import MAX_ATTEMPTS
from panodent.serve.store.store import Store
from panodent.serve.store.upload import Upload, write_upload
from panodent.serve.store_calls import StoreCalls
from panodent.serve.study import Study


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_calls, "FIRST_RETRY_SECONDS", 0.0005)
    monkeypatch.setattr("panodent.serve.job_runner.RETRY_SECONDS", 0.0005)


def study_of(upload: Upload) -> Study:
    assert upload.file.exists()
    return Study(upload.id, upload.name, "image", "2026-01-01", "2026-01-01", 3, 2, [], [])


class Flaky:
    """A part of the store that answers, fails, or works and then does not answer."""

    def __init__(self, part: Any, chance: random.Random) -> None:
        self._part, self._chance = part, chance

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if name not in ("take", "finish", "fail", "requeue", "requeue_lost"):
            return found

        def call(*arguments: Any) -> Any:
            fate = self._chance.random()
            if fate < 0.2:
                raise OperationalError("x", {}, Exception("connection refused"))
            answer = found(*arguments)
            if fate < 0.4:
                raise OperationalError("x", {}, Exception("connection lost"))
            return answer

        return call


def running(
    folder: Path,
    predict: Callable[[Upload], Study],
    do: Callable[[JobRunner, Store, StoreCalls], Coroutine[Any, Any, None]],
    chance: random.Random | None = None,
) -> None:
    """Runs two loops over the queue of a store while `do` runs."""

    async def main() -> None:
        stopping, store = asyncio.Event(), Store(folder)
        calls = StoreCalls(stopping)

        async def made(upload: Upload) -> Study:
            await asyncio.sleep(0)
            return predict(upload)

        runner = JobRunner(store, calls, made)
        if chance is not None:
            store.jobs = Flaky(store.jobs, chance)  # type: ignore[assignment]
        loops = [asyncio.ensure_future(runner.run(stopping)) for _ in range(2)]
        try:
            await do(runner, store, calls)
        finally:
            stopping.set()
            runner.queued.notify()
            await asyncio.gather(*loops)
            calls.close()
            store.close()

    asyncio.run(asyncio.wait_for(main(), 60))


async def queued(runner: JobRunner, store: Store, calls: StoreCalls, count: int) -> str:
    uploads = [write_upload(store.files, f"{number}.png", b"x") for number in range(count)]
    job = await calls.call(store.jobs.add, uploads)
    runner.queued.notify()
    return job


async def finished(store: Store, calls: StoreCalls, job: str) -> dict[str, Any]:
    while (found := await calls.call(store.jobs.get, job))["state"] != "done":
        await asyncio.sleep(0.001)
    return found


def test_nothing_is_lost_and_nothing_twice_whatever_fails(tmp_path: Path) -> None:
    chance = random.Random(3)
    predicted: list[str] = []

    def predict(upload: Upload) -> Study:
        if chance.random() < 0.2:
            raise OutputError("no space") if chance.random() < 0.7 else BusyError("no worker")
        predicted.append(upload.id)
        return study_of(upload)

    async def do(runner: JobRunner, store: Store, calls: StoreCalls) -> None:
        jobs = [await queued(runner, store, calls, 10) for _ in range(2)]
        for job in jobs:
            found = await finished(store, calls, job)
            assert (found["done"], found["failed"]) == (10, 0)
        names = [place.name for place in store.files.iterdir()]
        assert len(names) == await calls.call(store.count) == 20
        assert sorted(predicted) == sorted(names)  # each was predicted once
        while calls.troubles:  # the last look at the empty queue may still be repeated
            await asyncio.sleep(0.001)

    running(tmp_path / "store", predict, do, chance)


@pytest.mark.parametrize("fault", [OutputError("no space"), BusyError("no worker"), OSError(28)])
def test_a_full_disk_and_a_missing_worker_are_waited_out(tmp_path: Path, fault: Exception) -> None:
    tries = 0

    def predict(upload: Upload) -> Study:
        nonlocal tries
        tries += 1
        if tries <= 2 * MAX_ATTEMPTS:
            raise fault
        return study_of(upload)

    async def do(runner: JobRunner, store: Store, calls: StoreCalls) -> None:
        job = await queued(runner, store, calls, 1)
        while tries < MAX_ATTEMPTS:
            await asyncio.sleep(0.001)
        assert "check the disk" in calls.troubles.get(TROUBLE, "") or tries > MAX_ATTEMPTS
        assert (await finished(store, calls, job))["done"] == 1
        assert not calls.troubles

    running(tmp_path / "store", predict, do)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (WorkerLostError("0.png: ended the process (SIGSEGV)"), "(SIGSEGV), 3 times; the file is"),
        (KeyError("Waltraud"), "its log says more; the file is kept"),
    ],
)
def test_other_faults_are_tried_again_and_then_given_up_with_the_file_kept(
    tmp_path: Path, fault: Exception, said: str
) -> None:
    tries: list[str] = []

    def predict(upload: Upload) -> Study:
        tries.append(upload.id)
        raise fault

    async def do(runner: JobRunner, store: Store, calls: StoreCalls) -> None:
        job = await queued(runner, store, calls, 1)
        found = await finished(store, calls, job)
        assert found["failed"] == 1
        assert said in found["items"][0]["error"]
        assert "Waltraud" not in found["items"][0]["error"]
        assert len(tries) == MAX_ATTEMPTS
        assert (store.files / tries[0]).exists()

    running(tmp_path / "store", predict, do)


def test_a_file_that_cannot_be_read_fails_at_once_and_is_deleted(tmp_path: Path) -> None:
    def predict(upload: Upload) -> Study:
        raise TaskError("0.png: damaged")

    async def do(runner: JobRunner, store: Store, calls: StoreCalls) -> None:
        job = await queued(runner, store, calls, 1)
        assert (await finished(store, calls, job))["items"][0]["error"] == "0.png: damaged"
        assert not list(store.files.iterdir())

    running(tmp_path / "store", predict, do)
