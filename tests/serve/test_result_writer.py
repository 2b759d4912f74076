from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from panodent.errors import OutputError, WorkerLostError
from panodent.serve import result_writer
from panodent.serve.result_writer import MAX_LOST, TROUBLE, ResultWriter
from panodent.serve.store.store import Store
from panodent.serve.store.upload import write_upload
from panodent.serve.store_calls import StoreCalls
from panodent.serve.study import Study


def added(store: Store) -> Study:
    """A new study of the store, without teeth."""
    upload = write_upload(store.files, "x.png", b"x")
    study = Study(upload.id, "x.png", "image", "2026-01-01", "2026-01-01", 3, 2, [], [])
    store.add(study, ".png")
    return study


@pytest.mark.parametrize(
    ("fault", "times", "written"),
    [
        (OutputError("no space"), 2 * MAX_LOST, True),  # waited out
        (WorkerLostError("x"), MAX_LOST - 1, True),
        (WorkerLostError("x"), MAX_LOST, False),  # given up: it would end every worker
    ],
)
def test_results_follow_a_save_through_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, times: int, written: bool
) -> None:
    monkeypatch.setattr(result_writer, "RETRY_SECONDS", 0.0005)
    faults = [fault] * times
    troubles: list[dict[str, str]] = []

    async def main() -> None:
        stopping, store = asyncio.Event(), Store(tmp_path / "store")
        calls, made = StoreCalls(stopping), added(store)
        store.save(made.id, 0, [])

        async def make(study: Study, folder: Path) -> None:
            troubles.append(dict(calls.troubles))
            if faults:
                raise faults.pop()
            folder.mkdir()

        writer = ResultWriter(store, calls, make)
        loop = asyncio.ensure_future(writer.run(stopping))
        while await calls.call(store.next_without_results) or calls.troubles:
            await asyncio.sleep(0.001)
        assert store.results(made.id).is_dir() == written
        stopping.set()
        writer.saved.notify()
        await loop
        # The answer that results were moved may be lost: a second time changes nothing.
        part = store.results(f"{made.id}.part")
        part.mkdir()
        saved = store.save(made.id, 1, [])
        store.publish_results(saved, part)
        store.publish_results(saved, part)
        assert store.results(made.id).is_dir()
        calls.close()
        store.close()

    asyncio.run(asyncio.wait_for(main(), 60))
    assert len(troubles) == min(times + 1, MAX_LOST if not written else times + 1)
    assert all("check the disk" in found[TROUBLE] for found in troubles[1:])


def test_a_save_whose_results_are_not_made_at_the_stop_is_training_data(tmp_path: Path) -> None:
    async def main() -> bool:
        stopping, store = asyncio.Event(), Store(tmp_path / "store")
        calls, made = StoreCalls(stopping), added(store)

        async def make(study: Study, folder: Path) -> None:
            await stopping.wait()
            raise WorkerLostError("the service stops")

        writer = ResultWriter(store, calls, make)
        loop = asyncio.ensure_future(writer.run(stopping))
        while writer.training.due or not (store.training.folder / "annotations.json").exists():
            await asyncio.sleep(0.001)
        # The data were written a moment ago, and the next time would be later.
        writer.training._next = float("inf")
        store.save(made.id, 0, [])
        writer.saved.notify()
        await asyncio.sleep(0.01)
        stopping.set()
        await loop
        calls.close()
        store.close()
        return made.id in (store.training.folder / "annotations.json").read_text()

    assert asyncio.run(asyncio.wait_for(main(), 60))
