"""Work on several items in parallel threads, with results in the order of the items.

>>> list(in_order(lambda number: number**2, [1, 2, 3], workers=2))
[(1, 1), (2, 4), (3, 9)]
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_cores() -> int:
    """The number of processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[tuple[Item, Result]]:
    """(item, work(item)) of each item, in order.

    Parameters
    ----------
    work : called in one of the threads; NumPy, OpenCV and ONNX Runtime let several run at once.
    workers : number of threads. With 1 or less there is none, and `work` is called here.

    At most 2 * workers items are started before their results are taken, so that memory does not
    grow with the number of items. An error in `work` is raised here when its item's turn comes;
    no further items are started then.
    """
    if workers <= 1:
        for item in items:
            yield item, work(item)
        return
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="panodent")
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) >= 2 * workers:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def shared_out(work: Callable[[Item], Result], items: Sequence[Item], threads: int) -> list[Result]:
    """work(item) of each item, in order, for a few items that take milliseconds.

    This thread and `threads` - 1 others take every n-th item; this one need not be woken. An error
    in `work` is raised when all have finished.

    >>> shared_out(lambda number: number**2, [1, 2, 3], threads=2)
    [1, 4, 9]
    """
    threads = min(threads, len(items))
    if threads <= 1:
        return [work(item) for item in items]

    def share(first: int) -> list[tuple[int, Result]]:
        return [(index, work(items[index])) for index in range(first, len(items), threads)]

    with ThreadPoolExecutor(threads - 1, thread_name_prefix="panodent") as pool:
        others = [pool.submit(share, first) for first in range(1, threads)]
        done = share(0)
        for future in others:
            done += future.result()
    return [result for _, result in sorted(done, key=lambda one: one[0])]
