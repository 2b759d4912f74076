"""Worker processes shared by all requests: limited in number, queue length and time per task."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from panodent.errors import BusyError, OutputError, PanodentError, TaskError, WorkerLostError
from panodent.serve.workers.process import main, resident_bytes
from panodent.serve.workers.protocol import Answer, Task, receive, send
from panodent.serve.workers.task_runner import WorkerSettings

log = logging.getLogger("panodent.serve")

START_SECONDS = 120.0
LEFT_SECONDS = 3.0
"""How long a task may go on whose client has left."""
ENDING_SECONDS = 5.0
"""Longest wait for the exit code of a process whose connection has ended."""
WATCH_SECONDS = 2.0
"""Pause between two looks for workers that died while they had nothing to do."""


@dataclass
class WorkerPool:
    """`size` processes that run the tasks of `panodent.serve.workers.task_runner`.

    max_waiting : tasks that may wait for a free worker.
    task_seconds : longest time for one task; then its process is killed and replaced.
    on_restart : called with the reason when a task has ended its process.
    bundle : name and SHA-256 digest of the model bundle, after the start.
    """

    settings: WorkerSettings
    size: int
    max_waiting: int = 32
    task_seconds: float = 60.0
    on_restart: Callable[[str], None] = field(default=lambda reason: None)
    bundle: dict[str, str] = field(init=False, default_factory=dict)
    _idle: asyncio.LifoQueue[_Worker] = field(init=False, default_factory=asyncio.LifoQueue)
    _workers: list[_Worker] = field(init=False, default_factory=list)
    _waiting: int = field(init=False, default=0)
    _threads: ThreadPoolExecutor = field(init=False)
    _watch: asyncio.Task[None] | None = field(init=False, default=None)

    async def start(self) -> None:
        """Starts the workers and waits until they are ready; raises `PanodentError`."""
        self._threads = ThreadPoolExecutor(self.size, "worker")
        self._workers = [_Worker(self.settings) for _ in range(self.size)]
        loop = asyncio.get_running_loop()
        starts = [loop.run_in_executor(self._threads, worker.start) for worker in self._workers]
        for bundle in await asyncio.gather(*starts, return_exceptions=True):
            if isinstance(bundle, BaseException):
                await self.stop()
                raise bundle
            self.bundle = bundle
        for worker in self._workers:
            self._idle.put_nowait(worker)
        self._watch = asyncio.ensure_future(self._watch_workers())

    async def stop(self) -> None:
        """Kills the workers; tasks in progress are lost."""
        if self._watch is not None:
            self._watch.cancel()
        for worker in self._workers:
            worker.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)

    @property
    def waiting(self) -> int:
        """How many tasks wait for a free worker."""
        return self._waiting

    @property
    def ready(self) -> bool:
        """Whether at least one worker process runs."""
        return any(worker.running for worker in self._workers)

    def states(self) -> dict[str, int]:
        """How many workers are idle, busy and down (not running)."""
        running = sum(worker.running for worker in self._workers)
        idle = min(self._idle.qsize(), running)
        return {"idle": idle, "busy": running - idle, "down": len(self._workers) - running}

    def resident_bytes(self) -> int:
        """Memory of all workers together; 0 without /proc."""
        return sum(resident_bytes(worker.pid) for worker in self._workers if worker.pid)

    def check(self) -> None:
        """Raises `BusyError` if no further task may wait."""
        if self._waiting >= self.max_waiting:
            raise BusyError(
                f"{self._waiting} radiographs are waiting, which is the limit; "
                "send this one again in a moment"
            )

    async def run(self, task: Task, *, ignore_limit: bool = False, attempts: int = 2) -> Answer:
        """A worker's answer to a task; with `ignore_limit` however many tasks wait.

        attempts : how many workers may end while they run it.

        Raises `BusyError` if too many tasks wait, `WorkerLostError` after all attempts, `TaskError`
        if the file cannot be processed, and `OutputError` if results cannot be written.
        """
        if not ignore_limit:
            self.check()
        for left in reversed(range(attempts)):
            try:
                header, blobs = await self._run_once(task)
            except WorkerLostError:
                if not left:
                    raise
            else:
                break
        if "error" in header:
            error = OutputError if header.get("kind") == "output" else TaskError
            raise error(str(header["error"]))
        return header, blobs

    async def _run_once(self, task: Task) -> Answer:
        self._waiting += 1
        try:
            worker = await self._idle.get()
        finally:
            self._waiting -= 1
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, self._run_in_thread, worker, task)
        # Without the client the task still runs to its end, then the worker is free: most tasks are
        # shorter than the start of another process.
        running.add_done_callback(lambda done: self._release(worker, done))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            loop.call_later(LEFT_SECONDS, _abandon, worker, running)
            raise

    def _release(self, worker: _Worker, done: asyncio.Future[Answer]) -> None:
        if not done.cancelled():
            done.exception()  # marks it as retrieved if nobody waits for the answer any more
        self._idle.put_nowait(worker)

    def _run_in_thread(self, worker: _Worker, task: Task) -> Answer:
        worker.ensure_running()
        name = task.get("name", "the task")
        try:
            header, blobs = worker.run(task, self.task_seconds)
        except TimeoutError:
            reason = f"took longer than {self.task_seconds:g} seconds, and was stopped"
            self._replace(worker, reason)
            return {"error": f"{name}: {reason}; check whether the file is damaged"}, {}
        except (EOFError, OSError, ValueError, KeyError, TypeError):
            if worker.abandoned:
                self._restart(worker)
                raise BusyError("nobody waits for the answer any more") from None
            reason = f"ended the process that was reading it{worker.ending()}"
            self._replace(worker, reason)
            raise WorkerLostError(f"{name}: {reason}") from None
        if internal_error := header.get("internal_error"):
            log.error("a worker failed at %s: %s", task.get("task"), internal_error)
        if header.get("restart"):
            self._restart(worker)
        return header, blobs

    def _replace(self, worker: _Worker, reason: str) -> None:
        if worker.stopped:
            raise BusyError("the service is stopping")
        self.on_restart(reason)
        self._restart(worker)

    async def revive(self) -> None:
        """Starts workers again that died while they had nothing to do."""
        idle = [self._idle.get_nowait() for _ in range(self._idle.qsize())]
        dead = [worker for worker in idle if not worker.running]
        for worker in reversed(idle):  # the last one put back is the first one taken
            if worker not in dead:
                self._idle.put_nowait(worker)
        loop = asyncio.get_running_loop()
        for worker in dead:
            try:
                await loop.run_in_executor(self._threads, self._restart, worker)
            finally:
                self._idle.put_nowait(worker)

    async def _watch_workers(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self.revive()
            except RuntimeError:  # the threads were shut down
                return

    def _restart(self, worker: _Worker) -> None:
        worker.kill()
        try:
            worker.start()
        except PanodentError as error:  # the next task tries again
            log.error("%s", error)


def _abandon(worker: _Worker, running: asyncio.Future[Answer]) -> None:
    if not running.done():
        worker.abandon()


class _Worker:
    """One process and the connection to it."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._stopped = threading.Event()
        self.abandoned = False

    def start(self) -> dict[str, str]:
        """Starts the process; returns the name and digest of its bundle.

        Raises `PanodentError` if the bundle cannot be loaded or the process does not start.
        """
        if self._stopped.is_set():
            return {}
        self.abandoned = False
        context = multiprocessing.get_context("spawn")
        own, other = context.Pipe()
        self._process = context.Process(target=main, args=(other, self._settings), daemon=True)
        try:
            self._process.start()
            other.close()
            self._connection = own
            if not own.poll(START_SECONDS):
                raise EOFError
            header, _ = receive(own)
        except (EOFError, OSError, ValueError):
            self.kill()
            raise BusyError(
                "a worker process could not be started; check whether there is enough memory"
            ) from None
        if self._stopped.is_set():
            self.kill()
        if "error" in header:
            self.kill()
            raise PanodentError(str(header["error"]))
        return {key: str(value) for key, value in header["bundle"].items()}

    def ensure_running(self) -> None:
        """Starts the process again if it died between two tasks; raises `BusyError`."""
        if not self.running:
            self.kill()
            try:
                self.start()
            except BusyError:
                raise
            except PanodentError as error:  # the bundle is away: no fault of the request
                raise BusyError(str(error)) from None

    @property
    def running(self) -> bool:
        connected = self._connection is not None
        return connected and self._process is not None and self._process.is_alive()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    @property
    def pid(self) -> int:
        """Id of the process; 0 if it does not run."""
        return (self._process.pid or 0) if self._process is not None and self.running else 0

    def ending(self) -> str:
        """How the process ended, to be added to a message; '' if this is not known."""
        if self._process is None:
            return ""
        self._process.join(ENDING_SECONDS)
        code = self._process.exitcode
        if code is None or code >= 0:
            return "" if code is None else f" (exit code {code})"
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            return f" ({name}{'; memory may be short' if name == 'SIGKILL' else ''})"
        return f" (signal {-code})"

    def run(self, task: Task, seconds: float) -> Answer:
        """Raises `TimeoutError` after `seconds`, and what `receive` raises of an ended process."""
        connection, process = self._connection, self._process
        if connection is None or process is None:
            raise EOFError
        late = threading.Event()

        def kill_late() -> None:
            late.set()
            process.kill()  # this ends `receive` below, also in the middle of an answer

        timer = threading.Timer(seconds, kill_late)
        timer.daemon = True
        timer.start()
        try:
            send(connection, task, {})
            return receive(connection)
        except (EOFError, OSError, ValueError):
            if late.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()

    def stop(self) -> None:
        """Kills the process for good: it is not started again."""
        self._stopped.set()
        if self._process is not None:
            self._process.kill()

    def abandon(self) -> None:
        """Kills the process in the middle of a task that nobody waits for."""
        self.abandoned = True
        if self._process is not None:
            self._process.kill()

    def kill(self) -> None:
        """Kills the process and closes the connection; `start` may follow."""
        if self._process is not None and self._process.pid is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
