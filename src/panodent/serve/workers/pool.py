"""The worker processes, shared by all requests: bounded in number, in waiting and in time."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from panodent.errors import BusyError, OutputError, PanodentError, TaskError
from panodent.serve.workers.process import Settings, main
from panodent.serve.workers.protocol import receive, send

log = logging.getLogger("panodent.serve")

START_SECONDS = 120.0


Answer = tuple[dict[str, Any], dict[str, bytes]]


@dataclass
class Crew:
    """`size` workers. `waiting` requests at most wait for one; a task may take `seconds`.

    `ended(reason)` is told when a worker had to be replaced.
    """

    settings: Settings
    size: int
    waiting: int = 32
    seconds: float = 60.0
    ended: Callable[[str], None] = field(default=lambda reason: None)
    bundle: dict[str, str] = field(init=False, default_factory=dict)
    _idle: asyncio.LifoQueue[_Worker] = field(init=False, default_factory=asyncio.LifoQueue)
    _all: list[_Worker] = field(init=False, default_factory=list)
    _in_line: int = field(init=False, default=0)
    _threads: ThreadPoolExecutor = field(init=False)

    async def start(self) -> None:
        """Starts the workers and waits until they are ready; raises `PanodentError`."""
        self._threads = ThreadPoolExecutor(self.size, "worker")
        self._all = [_Worker(self.settings) for _ in range(self.size)]
        loop = asyncio.get_running_loop()
        starts = [loop.run_in_executor(self._threads, worker.start) for worker in self._all]
        for ready in await asyncio.gather(*starts, return_exceptions=True):
            if isinstance(ready, BaseException):
                await self.stop()
                raise ready
            self.bundle = ready
        for worker in self._all:
            self._idle.put_nowait(worker)

    async def stop(self) -> None:
        """Ends the workers; what they were doing is lost."""
        for worker in self._all:
            worker.end()
        self._threads.shutdown(wait=True, cancel_futures=True)

    @property
    def in_line(self) -> int:
        """How many requests wait for a worker."""
        return self._in_line

    @property
    def ready(self) -> bool:
        """Whether there is a worker that lives."""
        return any(worker.lives for worker in self._all)

    def check(self) -> None:
        """Raises `BusyError` where no more may wait."""
        if self._in_line >= self.waiting:
            raise BusyError(
                f"{self._in_line} radiographs are waiting, which is as many as may; "
                "send this one again in a moment"
            )

    async def ask(self, task: Mapping[str, Any], patient: bool = False) -> Answer:
        """What a worker makes of `task`; `patient` waits however long the line is.

        Raises `BusyError`, and `TaskError` for what is wrong with the file.
        """
        if not patient:
            self.check()
        self._in_line += 1
        try:
            worker = await self._idle.get()
        finally:
            self._in_line -= 1
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, self._work, worker, task)
        # A client that went away leaves its task to end: the worker is not free before.
        work.add_done_callback(lambda done: self._freed(worker, done))
        head, pieces = await asyncio.shield(work)
        if "error" in head:
            error = OutputError if head.get("kind") == "output" else TaskError
            raise error(str(head["error"]))
        return head, pieces

    def _freed(self, worker: _Worker, done: asyncio.Future[Answer]) -> None:
        if not done.cancelled():
            done.exception()  # looked at, also where nobody waits any more
        self._idle.put_nowait(worker)

    def _work(self, worker: _Worker, task: Mapping[str, Any]) -> Answer:
        try:
            worker.stand_by()
            head, pieces = worker.do(task, self.seconds)
        except TimeoutError:
            reason = f"took longer than {self.seconds:g} seconds, and was stopped"
        except (EOFError, OSError, ValueError, KeyError, TypeError):
            reason = "ended the process that was reading it"
        else:
            if fault := head.get("fault"):
                log.error("a worker failed at %s: %s", task.get("task"), fault)
            if head.get("tired"):
                self._replace(worker)
            return head, pieces
        if worker.ended:
            raise BusyError("the service is stopping")
        self.ended(reason)
        self._replace(worker)
        return {"error": f"{task.get('name', 'the task')}: {reason}; is the file sound?"}, {}

    def _replace(self, worker: _Worker) -> None:
        worker.kill()
        try:
            worker.start()
        except PanodentError as error:  # the next task tries again
            log.error("%s", error)


class _Worker:
    """One process and the line to it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: BaseProcess | None = None
        self._line: Connection | None = None
        self._stopped = threading.Event()

    def start(self) -> dict[str, str]:
        """Starts the process; what it says of its bundle. Raises `PanodentError`."""
        if self._stopped.is_set():
            return {}
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=main, args=(theirs, self._settings), daemon=True)
        try:
            self._process.start()
            theirs.close()
            self._line = ours
            if not ours.poll(START_SECONDS):
                raise EOFError
            head, _ = receive(ours)
        except (EOFError, OSError, ValueError):
            self.kill()
            raise BusyError("a worker process could not be started; is memory short?") from None
        if self._stopped.is_set():
            self.kill()
        if "error" in head:
            self.kill()
            raise PanodentError(str(head["error"]))
        return {key: str(value) for key, value in head["bundle"].items()}

    def stand_by(self) -> None:
        """Starts the process again where it died while it had nothing to do."""
        if not self.lives:
            self.kill()
            self.start()

    @property
    def lives(self) -> bool:
        return self._line is not None and self._process is not None and self._process.is_alive()

    @property
    def ended(self) -> bool:
        return self._stopped.is_set()

    def do(self, task: Mapping[str, Any], seconds: float) -> Answer:
        """Raises `TimeoutError`, and what `receive` raises of a process that ended."""
        line, process = self._line, self._process
        if line is None or process is None:
            raise EOFError
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()  # which ends the wait below, also in the middle of an answer

        clock = threading.Timer(seconds, end)
        clock.daemon = True
        clock.start()
        try:
            send(line, task, {})
            return receive(line)
        except (EOFError, OSError, ValueError):
            if late.is_set():
                raise TimeoutError from None
            raise
        finally:
            clock.cancel()

    def end(self) -> None:
        self._stopped.set()
        if self._process is not None:
            self._process.kill()

    def kill(self) -> None:
        if self._process is not None and self._process.pid is not None:
            self._process.kill()
            self._process.join()
        if self._line is not None:
            self._line.close()
            self._line = None
