from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from panodent.errors import BusyError, PanodentError, TaskError
from panodent.serve.workers.pool import Crew
from panodent.serve.workers.process import Settings

SETTINGS = Settings("default", 4_000_000)
LIGHT = {
    "task": "measure", "name": "x", "spacing": None,
    "record": {"height": 64, "width": 64, "teeth": []},
}  # fmt: skip
PHANTOM = {"task": "phantom", "seed": 1, "name": "example"}


def with_crew(do: Callable[[Crew], Coroutine[Any, Any, None]], **options: Any) -> list[str]:
    """Runs `do` with a crew of one; why workers were replaced."""
    ended: list[str] = []

    async def main() -> None:
        crew = Crew(SETTINGS, 1, ended=ended.append, **options)
        await crew.start()
        try:
            await do(crew)
        finally:
            await crew.stop()

    asyncio.run(main())
    return ended


def test_tasks_are_answered_and_faults_are_told(tmp_path: Path, capfd: pytest.CaptureFixture):
    bad = tmp_path / "secret-place" / "original.png"
    bad.parent.mkdir()
    bad.write_bytes(b"\x89PNG nonsense")

    async def do(crew: Crew) -> None:
        assert crew.bundle["digest"]
        assert crew.ready
        _, pieces = await crew.ask(PHANTOM)
        assert pieces["image"].startswith(b"\x89PNG")
        task = {"task": "predict", "file": str(bad), "name": "scan.png", "want": ["record"]}
        with pytest.raises(TaskError, match=r"^scan\.png: ") as caught:
            await crew.ask(task)
        assert "secret-place" not in str(caught.value)
        # A fault of ours is not the end of a worker, and its message is kept to itself.
        with pytest.raises(TaskError, match="cannot be processed"):
            await crew.ask({"task": "measure", "record": {}, "name": "x", "spacing": ["Waltraud"]})
        with pytest.raises(TaskError, match="cannot be processed"):
            await crew.ask({"task": "unheard-of", "name": "x"})

    assert with_crew(do) == []
    assert "Waltraud" not in "".join(capfd.readouterr())


def test_a_task_that_takes_too_long_ends_its_process_alone():
    async def do(crew: Crew) -> None:
        first = crew._all[0]._process.pid
        os.kill(first, signal.SIGSTOP)  # as a decoder that never returns
        start = time.monotonic()
        with pytest.raises(TaskError, match=r"example: took longer than 0\.5 seconds"):
            await crew.ask(PHANTOM)
        assert time.monotonic() - start < 120  # with the start of another process
        crew.seconds = 60
        await crew.ask(PHANTOM)
        assert crew._all[0]._process.pid != first

    assert with_crew(do, seconds=0.5) == ["took longer than 0.5 seconds, and was stopped"]


def test_a_worker_that_dies_is_replaced():
    async def do(crew: Crew) -> None:
        worker = crew._all[0]
        process, do_task, given = worker._process, worker.do, threading.Event()

        def told(*arguments: Any) -> Any:
            given.set()
            return do_task(*arguments)

        worker.do = told
        os.kill(process.pid, signal.SIGSTOP)
        task = asyncio.ensure_future(crew.ask(PHANTOM))
        assert await asyncio.to_thread(given.wait, 60)
        os.kill(process.pid, signal.SIGKILL)  # as the kernel does when memory is short
        with pytest.raises(TaskError, match="ended the process that was reading it"):
            await task
        # One that dies between two tasks is no fault of the next.
        process = crew._all[0]._process
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert not crew.ready
        await crew.ask(PHANTOM)

    assert with_crew(do) == ["ended the process that was reading it"]


def test_the_line_has_a_limit_which_the_patient_pass():
    async def do(crew: Crew) -> None:
        tasks = [asyncio.ensure_future(crew.ask(LIGHT)) for _ in range(3)]
        await asyncio.sleep(0)
        assert crew.in_line == 2
        with pytest.raises(BusyError, match="2 radiographs are waiting"):
            await crew.ask(LIGHT)
        await crew.ask(LIGHT, patient=True)
        await asyncio.gather(*tasks)
        await crew.ask(LIGHT)
        # Who gives up while waiting takes no worker along.
        first = asyncio.ensure_future(crew.ask(LIGHT))
        second = asyncio.ensure_future(crew.ask(LIGHT))
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        await crew.ask(LIGHT)
        assert crew.in_line == 0

    with_crew(do, waiting=2)


def test_an_edit_that_would_never_end_is_stopped():
    part = [[[0, 0], [8000, 0], [8000, 6000]]]
    edit = {
        "task": "edit", "name": "scan.png", "predicted": [], "revision": 0,
        "record": {"height": 6000, "width": 8000, "teeth": []},
        "entries": [{"fdi": 0, "polygons": [part] * 1000}] * 60,
    }  # fmt: skip

    async def do(crew: Crew) -> None:
        with pytest.raises(TaskError, match=r"scan\.png: took longer than 1 seconds"):
            await crew.ask(edit)

    with_crew(do, seconds=1)


def test_a_bundle_that_is_not_there_is_said():
    async def main() -> None:
        await Crew(Settings("/no/bundle", 1), 1).start()

    with pytest.raises(PanodentError, match="/no/bundle"):
        asyncio.run(main())
