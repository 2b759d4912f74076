from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from panodent.errors import BusyError, PanodentError, TaskError, WorkerLostError
from panodent.serve.workers.pool import WorkerPool
from panodent.serve.workers.task_runner import WorkerSettings

SETTINGS = WorkerSettings("default", 4_000_000)
LIGHT = {
    "task": "measure", "name": "x", "spacing": None,
    "record": {"height": 64, "width": 64, "teeth": []},
}  # fmt: skip
PHANTOM = {"task": "phantom", "seed": 1, "name": "example"}


def with_pool(do: Callable[[WorkerPool], Coroutine[Any, Any, None]], **options: Any) -> list[str]:
    """Runs `do` with a pool of one worker; why workers were replaced."""
    reasons: list[str] = []

    async def main() -> None:
        pool = WorkerPool(SETTINGS, 1, on_restart=reasons.append, **options)
        await pool.start()
        try:
            await do(pool)
        finally:
            await pool.stop()

    asyncio.run(main())
    return reasons


def test_tasks_are_answered_and_faults_are_told(tmp_path: Path, capfd: pytest.CaptureFixture):
    bad = tmp_path / "secret-place" / "original.png"
    bad.parent.mkdir()
    bad.write_bytes(b"\x89PNG nonsense")

    async def do(pool: WorkerPool) -> None:
        assert pool.bundle["digest"]
        assert pool.ready
        _, pieces = await pool.run(PHANTOM)
        assert pieces["image"].startswith(b"\x89PNG")
        task = {"task": "predict", "file": str(bad), "name": "scan.png", "want": ["record"]}
        with pytest.raises(TaskError, match=r"^scan\.png: ") as caught:
            await pool.run(task)
        assert "secret-place" not in str(caught.value)
        # A fault of ours is not the end of a worker, and its message is kept to itself.
        with pytest.raises(TaskError, match="cannot be processed"):
            await pool.run({"task": "measure", "record": {}, "name": "x", "spacing": ["Waltraud"]})
        with pytest.raises(TaskError, match="cannot be processed"):
            await pool.run({"task": "unheard-of", "name": "x"})

    assert with_pool(do) == []
    assert "Waltraud" not in "".join(capfd.readouterr())


def test_a_task_that_takes_too_long_ends_its_process_alone():
    async def do(pool: WorkerPool) -> None:
        first = pool._workers[0]._process.pid
        os.kill(first, signal.SIGSTOP)  # as a decoder that never returns
        start = time.monotonic()
        with pytest.raises(TaskError, match=r"example: took longer than 0\.5 seconds"):
            await pool.run(PHANTOM)
        assert time.monotonic() - start < 120  # with the start of another process
        pool.task_seconds = 60
        await pool.run(PHANTOM)
        assert pool._workers[0]._process.pid != first

    assert with_pool(do, task_seconds=0.5) == ["took longer than 0.5 seconds, and was stopped"]


def test_a_worker_that_dies_is_replaced_and_its_task_tried_again():
    async def do(pool: WorkerPool) -> None:
        worker = pool._workers[0]
        process, run_task, deaths = worker._process, worker.run, []

        def killed(*arguments: Any) -> Any:
            if deaths:
                os.kill(worker._process.pid, deaths.pop())
                worker._process.join()
            return run_task(*arguments)

        worker.run = killed
        deaths[:] = [signal.SIGKILL]  # as the kernel does when memory is short
        await pool.run(PHANTOM)
        deaths[:] = [signal.SIGSEGV]
        with pytest.raises(WorkerLostError, match=r"example: ended the process .* \(SIGSEGV\)"):
            await pool.run(PHANTOM, attempts=1)
        # One that dies between two tasks is no fault of the next, and does not wait for it.
        process = worker._process
        assert pool.states() == {"idle": 1, "busy": 0, "down": 0}
        assert pool.resident_bytes() > 10 << 20
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert not pool.ready
        assert pool.states() == {"idle": 0, "busy": 0, "down": 1}
        await pool.revive()
        assert pool.ready
        await pool.run(PHANTOM)

    assert with_pool(do) == [
        "ended the process that was reading it (SIGKILL; memory may be short)",
        "ended the process that was reading it (SIGSEGV)",
    ]


def test_a_task_whose_client_has_left_does_not_go_on(monkeypatch):
    monkeypatch.setattr("panodent.serve.workers.pool.LEFT_SECONDS", 0.01)

    async def do(pool: WorkerPool) -> None:
        process = pool._workers[0]._process
        os.kill(process.pid, signal.SIGSTOP)  # as a task that takes long
        asked = asyncio.ensure_future(pool.run(PHANTOM))
        await asyncio.sleep(0.05)
        asked.cancel()
        await pool.run(LIGHT)  # long before `task_seconds`
        assert pool._workers[0]._process.pid != process.pid

    assert with_pool(do) == []  # no fault of a file


def test_the_line_has_a_limit_which_the_patient_pass():
    async def do(pool: WorkerPool) -> None:
        tasks = [asyncio.ensure_future(pool.run(LIGHT)) for _ in range(3)]
        await asyncio.sleep(0)
        assert pool.waiting == 2
        with pytest.raises(BusyError, match="2 radiographs are waiting"):
            await pool.run(LIGHT)
        await pool.run(LIGHT, ignore_limit=True)
        await asyncio.gather(*tasks)
        await pool.run(LIGHT)
        # Who gives up while waiting takes no worker along.
        first = asyncio.ensure_future(pool.run(LIGHT))
        second = asyncio.ensure_future(pool.run(LIGHT))
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        await pool.run(LIGHT)
        assert pool.waiting == 0

    with_pool(do, max_waiting=2)


def test_an_edit_that_would_never_end_is_stopped():
    part = [[[0, 0], [8000, 0], [8000, 6000]]]
    edit = {
        "task": "edit", "name": "scan.png", "predicted": [], "revision": 0,
        "stamp": {"by": "", "at": ""},
        "record": {"height": 6000, "width": 8000, "teeth": []},
        "entries": [{"fdi": 0, "polygons": [part] * 1000}] * 60,
    }  # fmt: skip

    async def do(pool: WorkerPool) -> None:
        with pytest.raises(TaskError, match=r"scan\.png: took longer than 1 seconds"):
            await pool.run(edit)

    with_pool(do, task_seconds=1)


def test_a_bundle_that_is_not_there_is_said():
    async def main() -> None:
        await WorkerPool(WorkerSettings("/no/bundle", 1), 1).start()

    with pytest.raises(PanodentError, match="/no/bundle"):
        asyncio.run(main())
