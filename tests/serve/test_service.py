from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from panodent.errors import (
    OutputError,
    StaleError,
    TaskError,
    UnknownJobError,
    UnknownStudyError,
)
from panodent.serve import service as module
from panodent.serve.service import Service
from panodent.serve.store.store import Store
from panodent.serve.store.upload import write_upload
from panodent.serve.store_calls import StoreCalls

TOOTH = {
    "fdi": 11, "name": "upper right central incisor", "score": 0.9, "box": [1, 0, 2, 2],
    "area": 2, "flags": [], "polygons": [], "rle": "222",
}  # fmt: skip
RECORD = {"width": 3, "height": 2, "teeth": [TOOTH], "quality": 1.0, "warning": "", "notes": []}


class FakePool:
    """Answers as workers do, or as `fault` says; counts tasks, and can be held up."""

    size = 1

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def run(
        self, task: Mapping[str, Any], *, ignore_limit: bool = False, attempts: int = 2
    ) -> Any:
        self.asked.append(task["task"])
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        if task["task"] == "predict":
            assert Path(task["file"]).exists()
            return {"kind": "image"}, {"record": json.dumps(RECORD).encode(), "image": b"png"}
        if task["task"] == "write":
            Path(task["folder"]).mkdir()
            (Path(task["folder"]) / "teeth.json").write_text("{}")
            return {}, {}
        if task["task"] == "edit":
            blobs = {"teeth": json.dumps(task["record"]["teeth"]).encode()}
            if task["finding_entries"] is not None:
                blobs["findings"] = json.dumps(task["finding_entries"]).encode()
            return {}, blobs
        return {}, {"file": b"x"}


def working(tmp_path: Path, do: Callable[[Service, FakePool], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        pool = FakePool()
        service = Service(Store(tmp_path / "store"), pool)  # type: ignore[arg-type]
        await service.start()
        try:
            await do(service, pool)
        finally:
            pool.gate.set()
            await service.stop()

    asyncio.run(asyncio.wait_for(main(), 120))


async def until(check: Callable[[], Any]) -> None:
    while not check():
        await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def short(self: StoreCalls, seconds: float) -> None:
        await asyncio.sleep(0.001)

    monkeypatch.setattr(StoreCalls, "pause", short)


def test_a_file_that_cannot_be_read_leaves_nothing(tmp_path):
    async def do(service: Service, pool: FakePool) -> None:
        pool.fault = TaskError("bad")
        for call in (service.add, lambda upload: service.predict(upload, ["record"])):
            with pytest.raises(TaskError):
                await call(write_upload(service.store.files, "x.png", b"x"))
        pool.fault = None
        await service.predict(write_upload(service.store.files, "x.png", b"x"), ["record"])
        assert not list(service.store.files.iterdir())

    working(tmp_path, do)


def test_a_study_keeps_its_findings(tmp_path, monkeypatch):
    finding = {"kind": "crown", "fdi": 11, "score": 0.9, "box": [1, 0, 2, 2], "rle": "222"}
    shown = {"id": "f1", **{key: value for key, value in finding.items() if key != "rle"}}

    async def do(service: Service, pool: FakePool) -> None:
        without = await service.add(write_upload(service.store.files, "x.png", b"x"))
        monkeypatch.setitem(RECORD, "findings", [finding])
        study = await service.add(write_upload(service.store.files, "y.png", b"x"))
        # Who sends teeth alone says nothing of findings.
        saved = await service.save(study.id, 0, [])
        for found in (study, saved, service.store.get(study.id)):
            assert found.public()["findings"] == found.public()["predicted_findings"] == [shown]
            assert not found.findings_saved
        changed = {**saved.findings[0], "kind": "filling"}
        for found in (await service.save(study.id, 1, [], [changed]), service.store.get(study.id)):
            assert found.public()["findings"] == [{**shown, "kind": "filling"}]
            assert found.public()["predicted_findings"] == [shown]
            assert found.findings_saved
        assert without.public()["findings"] is without.public()["predicted_findings"] is None
        assert "findings" not in without.record()
        assert (await service.save(without.id, 0, [], [])).public()["findings"] == []

    working(tmp_path, do)


def test_results_follow_every_save_and_the_last_one_wins(tmp_path):
    async def do(service: Service, pool: FakePool) -> None:
        study = await service.add(write_upload(service.store.files, "x.png", b"x"))
        for revision in range(3):
            await service.save(study.id, revision, [])
        with pytest.raises(StaleError):
            await service.save(study.id, 0, [])
        await until(lambda: service.store.next_without_results() is None)
        assert (service.store.results(study.id) / "teeth.json").exists()
        annotations = service.store.training.folder / "annotations.json"
        await until(lambda: study.id in annotations.read_text())
        await service.delete(study.id)
        assert study.id not in annotations.read_text()

    working(tmp_path, do)


def test_a_study_deleted_while_its_results_are_made_stays_deleted(tmp_path):
    async def do(service: Service, pool: FakePool) -> None:
        study = await service.add(write_upload(service.store.files, "x.png", b"x"))
        await service.save(study.id, 0, [])
        await until(lambda: service.store.next_without_results() is None)
        pool.asked.clear()
        pool.gate.clear()
        await service.call_store(service.store.save, study.id, 1, [])
        service.results.saved.notify()
        await until(lambda: pool.asked == ["write"])
        await service.delete(study.id)
        pool.gate.set()
        await until(lambda: not list((service.store.folder / "results").iterdir()))
        with pytest.raises(UnknownStudyError):
            await service.export(study.id, "labels.png", "fdi")

    working(tmp_path, do)


def test_a_save_of_a_study_that_is_deleted_meanwhile_leaves_nothing(tmp_path):
    async def do(service: Service, pool: FakePool) -> None:
        study = await service.add(write_upload(service.store.files, "x.png", b"x"))
        pool.asked.clear()
        pool.gate.clear()
        saving = asyncio.ensure_future(service.save(study.id, 0, []))
        await until(lambda: pool.asked == ["edit"])
        await service.delete(study.id)
        pool.gate.set()
        with pytest.raises(UnknownStudyError):
            await saving
        assert not list(service.store.files.iterdir())
        assert not list((service.store.folder / "results").iterdir())

    working(tmp_path, do)


def test_a_client_that_leaves_leaves_nothing(tmp_path):
    async def do(service: Service, pool: FakePool) -> None:
        for stage in range(1, 40, 3):  # it leaves sooner or later
            adding = asyncio.ensure_future(
                service.add(write_upload(service.store.files, "x.png", b"x"))
            )
            for _ in range(stage):
                await asyncio.sleep(0)
            adding.cancel()
            try:
                await adding
            except asyncio.CancelledError:
                continue
            await service.delete(adding.result().id)
        await until(lambda: not list(service.store.files.iterdir()))
        assert await service.call_store(service.store.counts) == (0, 0)

    working(tmp_path, do)


def test_a_full_disk_is_waited_out(tmp_path, caplog):
    async def do(service: Service, pool: FakePool) -> None:
        study = await service.add(write_upload(service.store.files, "Waltraud.png", b"x"))
        await service.save(study.id, 0, [])
        await until(lambda: service.store.next_without_results() is None)
        pool.fault = OutputError("Waltraud.png: no space")
        await service.call_store(service.store.save, study.id, 1, [])
        service.results.saved.notify()
        await until(lambda: pool.asked.count("write") >= 3)
        assert service.store.next_without_results() is not None
        pool.fault = None
        await until(lambda: service.store.next_without_results() is None)

    working(tmp_path, do)
    assert "OutputError at" in caplog.text
    assert "Waltraud" not in caplog.text


def test_results_that_can_never_be_made_are_not_tried_for_ever(tmp_path):
    async def do(service: Service, pool: FakePool) -> None:
        study = await service.add(write_upload(service.store.files, "x.png", b"x"))
        saved = await service.call_store(service.store.save, study.id, 0, [])
        pool.fault = TaskError("no")
        service.results.saved.notify()
        await until(lambda: service.store.next_without_results() is None)
        assert pool.asked.count("write") == 1
        assert not service.store.results(study.id).exists()
        assert service.store.get(study.id) == saved  # the edit itself is kept

    working(tmp_path, do)


def test_a_request_whose_row_may_be_written_leaves_nothing(tmp_path):
    async def do(service: Service, pool: FakePool) -> None:
        store, gone = service.store, OperationalError("x", {}, Exception("connection lost"))

        def unanswered(call: Any) -> Any:
            def lost(*arguments: Any) -> None:
                call(*arguments)
                raise gone

            return lost

        store.add, add = unanswered(store.add), store.add  # type: ignore[method-assign]
        with pytest.raises(OperationalError):
            await service.add(write_upload(store.files, "x.png", b"x"))
        store.add = add  # type: ignore[method-assign]
        store.jobs.add, add_job = unanswered(store.jobs.add), store.jobs.add
        pool.gate.clear()  # the job is withdrawn before its file is read
        with pytest.raises(OperationalError):
            await service.add_job([write_upload(store.files, "x.png", b"x")])
        store.jobs.add = add_job
        await until(lambda: not list(store.files.iterdir()))
        pool.gate.set()
        assert await service.call_store(store.counts) == (0, 0)
        study = await service.add(write_upload(store.files, "x.png", b"x"))
        store.delete, delete = unanswered(store.delete), store.delete  # type: ignore[method-assign]
        with pytest.raises(OperationalError):
            await service.delete(study.id)
        store.delete = delete  # type: ignore[method-assign]
        await until(lambda: not list(store.files.iterdir()))

    working(tmp_path, do)


def test_a_job_in_work_when_it_stops_is_there_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.05)
    jobs: list[str] = []

    async def stop(service: Service, pool: FakePool) -> None:
        pool.gate.clear()
        upload = write_upload(service.store.files, "x.png", b"x")
        jobs.append((await service.add_job([upload]))["id"])
        await until(lambda: pool.asked)
        await service.stop()
        assert service.stopping

    working(tmp_path, stop)

    async def go_on(service: Service, pool: FakePool) -> None:
        states = [state async for state in service.follow_job(jobs[0])]
        assert states[-1]["done"] == 1

    working(tmp_path, go_on)


def test_no_move_of_a_job_is_missed(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "REPORT_SECONDS", 3600.0)  # after which it is looked at anyhow

    async def do(service: Service, pool: FakePool) -> None:
        uploads = [write_upload(service.store.files, f"{n}.png", b"x") for n in range(6)]
        job = (await service.add_job(uploads))["id"]
        followers = [asyncio.ensure_future(last_of(service, job)) for _ in range(3)]
        ends = await asyncio.wait_for(asyncio.gather(*followers), 60)
        assert all(end["done"] == 6 for end in ends)
        await service.cancel_job(job)
        with pytest.raises(UnknownJobError):
            await service.cancel_job(job)

    working(tmp_path, do)


async def last_of(service: Service, job: str) -> dict[str, Any]:
    return [state async for state in service.follow_job(job)][-1]
