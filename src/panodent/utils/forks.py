"""Work on several items in forked processes, with results in the order of the items.

Threads of one process take turns at Python code; processes do not. What was loaded before, such as
networks, is shared with the processes, since a fork copies only the memory that is written to.

>>> if can_fork():
...     print(list(in_forks(lambda number: number**2, [1, 2, 3], 2, lambda item, code: -1)))
... else:
...     print([(1, 1), (2, 4), (3, 9)])
[(1, 1), (2, 4), (3, 9)]
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from multiprocessing.connection import Connection, wait
from traceback import format_exc
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_ENDING_SECONDS = 0.1
"""How long the system takes at most to end a thread that Python has ended."""
_Answer = tuple[Result, Exception | None]


def can_fork() -> bool:
    """Whether this is Linux, and the process has only one thread.

    Locks that other threads hold would stay locked in a forked process.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    deadline = time.monotonic() + _ENDING_SECONDS
    while len(os.listdir("/proc/self/task")) > 1:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def in_forks(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int,
    lost: Callable[[Item, int], Result],
) -> Iterator[tuple[Item, Result]]:
    """(item, work(item)) of each item, in order.

    Parameters
    ----------
    work : called in one of the processes. Items and results are pickled, through a
        pipe that only this process and its fork have.
    workers : number of processes.
    lost : called here with an item and the exit code (negative for a signal) of the process that
        ended while it worked on the item; its answer is the result. Another process takes over.

    At most 2 * workers items are started before their results are taken, so that memory does not
    grow with the number of items. An error in `work` is raised here when its item's turn comes;
    no further items are started then. The processes ignore Ctrl-C and SIGTERM, and end after
    their items when this process has ended.
    """
    _tidy_memory()
    idle: list[_Fork[Item, Result]] = []
    busy: dict[Connection, tuple[_Fork[Item, Result], int, Item]] = {}
    found: dict[int, tuple[Item, _Answer[Result]]] = {}
    numbered = enumerate(items)
    begun = taken = 0
    try:
        for _ in range(workers):
            idle.append(_Fork(work, [fork.connection for fork in idle]))
        while True:
            while idle and begun < taken + 2 * workers and (task := next(numbered, None)):
                fork = idle.pop()
                busy[fork.connection] = fork, *task
                fork.begin(task[1])
                begun += 1
            if taken in found:
                item, (result, error) = found.pop(taken)
                if error is not None:
                    raise error
                yield item, result
                taken += 1
                continue
            if not busy:
                return
            for connection in set(busy).intersection(wait(list(busy))):
                fork, number, item = busy.pop(connection)
                answer = fork.answer()
                if answer is None:
                    answer = lost(item, fork.dismiss()), None
                    fork = _Fork(work, [*busy, *(other.connection for other in idle)])
                found[number] = item, answer
                idle.append(fork)
    finally:
        forks = [*idle, *(fork for fork, *_ in busy.values())]
        for fork in forks:
            fork.connection.close()
        for fork in forks:
            fork.dismiss()


def _tidy_memory() -> None:
    """Before a fork: gives free memory back, and keeps the memory of objects shared.

    Python's search for unused objects writes to all of them, and what is written to is copied; so
    the objects that exist are left out of it.
    """
    gc.freeze()
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


class _Fork(Generic[Item, Result]):
    """A process that works on one item at a time, until its connection is closed."""

    def __init__(self, work: Callable[[Item], Result], others: Sequence[Connection]) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, its_end = context.Pipe()
        # It must not keep the ends of this process open, or the others would wait for ever.
        inherited = [self.connection, *others]
        self._process = context.Process(target=_serve, args=(work, its_end, inherited), daemon=True)
        self._process.start()
        its_end.close()

    def begin(self, item: Item) -> None:
        """Sends an item; that the process has ended is seen when its answer is awaited."""
        with suppress(BrokenPipeError):
            self.connection.send(item)

    def answer(self) -> _Answer[Result] | None:
        """The result or error of the work; None if the process has ended."""
        try:
            answer: _Answer[Result] = self.connection.recv()
        except (EOFError, ConnectionResetError):
            return None
        return answer

    def dismiss(self) -> int:
        """Waits for the end of the process, whose connection is closed; returns its exit code."""
        self.connection.close()
        self._process.join()
        return self._process.exitcode or 0


def _serve(
    work: Callable[[Any], Any], connection: Connection, inherited: Sequence[Connection]
) -> None:
    """Answers items with (result, error) until the other end is closed."""
    for name in (signal.SIGINT, signal.SIGTERM):  # often sent to the whole group of processes
        signal.signal(name, signal.SIG_IGN)
    for end in inherited:
        end.close()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            item = connection.recv()
            answer: _Answer[Any]
            try:
                answer = work(item), None
            except Exception as error:
                answer = None, _portable(error)
            connection.send(answer)


def _portable(error: Exception) -> Exception:
    """The error, or its traceback as another one if it cannot be made again at the other end."""
    try:
        copy(error)
    except Exception:
        return RuntimeError(format_exc())
    error.add_note(format_exc())
    return error
