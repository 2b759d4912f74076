"""The main function of a worker process: one task at a time, in limited memory, without output.

Only worker processes decode files from outside. If a file takes too long or too much memory, its
process is killed and replaced; see `panodent.serve.workers.pool`.
"""

from __future__ import annotations

import logging
import os
import signal
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

from panodent.errors import OutputError, PanodentError
from panodent.serve.redaction import redacted
from panodent.serve.workers.protocol import Answer, Task, receive, send
from panodent.serve.workers.task_runner import TaskRunner, WorkerSettings

TASK_BYTES = 4 << 30
"""Address space that a task may add to what the process has when it is ready."""
RESTART_BYTES = 1 << 30
"""Memory that the process may keep after tasks; with more, it is restarted."""


def main(connection: Connection, settings: WorkerSettings) -> None:
    """Answers tasks until the connection is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service handles Ctrl-C and kills its workers
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # sent to the whole process group by supervisors
    try:
        runner = TaskRunner(settings)
        bundle = runner.predictor.bundle
        bundle.open()
        about = {"name": bundle.name, "digest": bundle.digest}
        send(connection, {"ready": True, "bundle": about}, {})
    except PanodentError as error:
        send(connection, {"error": str(error)}, {})
        return
    _limit_memory()
    _silence()
    restart_at = resident_bytes() + RESTART_BYTES
    try:
        while True:
            task, _ = receive(connection)
            header, blobs = _answer(runner, task)
            send(connection, {**header, "restart": resident_bytes() > restart_at}, blobs)
    except (EOFError, OSError):
        return  # the service has ended


def _answer(runner: TaskRunner, task: Task) -> Answer:
    name = str(task.get("name", ""))
    try:
        return runner.run(task)
    except PanodentError as error:
        # Errors name the file by its path in the store; users know it by its own name.
        message = str(error).replace(str(task.get("file", "\0")), name)
        return {"error": message, "kind": "output" if isinstance(error, OutputError) else ""}, {}
    except MemoryError:
        return {"error": f"{name}: needs more memory than the service allows for a file"}, {}
    except Exception as error:  # libraries raise anything for damaged files
        message = f"{name}: cannot be processed; check whether the file is damaged"
        return {"error": message, "internal_error": redacted(error)}, {}


def _silence() -> None:
    """Discards what libraries print and log: they quote values of files, such as names."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for handle in (1, 2):
        os.dup2(nowhere, handle)
    os.close(nowhere)


def resident_bytes(pid: int | str = "self") -> int:
    """Memory in use by a process, in bytes; 0 without /proc, and for one that has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(
            resource.RLIMIT_AS,
            (pages * os.sysconf("SC_PAGE_SIZE") + TASK_BYTES, resource.RLIM_INFINITY),
        )
    except (OSError, ValueError):
        return  # no /proc, or a lower limit is set already
