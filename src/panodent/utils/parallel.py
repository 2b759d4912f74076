"""Work on several items in parallel threads, with results in the order of the items.

>>> list(in_order(lambda number: number**2, [1, 2, 3], workers=2))
[(1, 1), (2, 4), (3, 9)]
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
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
