"""Work side by side: in order, few ahead, and an error ends it."""

from __future__ import annotations

import threading
import time

import pytest

from panodent.utils.parallel import available_cores, in_order


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    def work(item: int) -> int:
        time.sleep(0.002 * (7 - item % 7))
        return item * item

    assert list(in_order(work, range(30), workers)) == [(item, item * item) for item in range(30)]


def test_few_are_begun_ahead() -> None:
    begun = []
    lock = threading.Lock()

    def work(item: int) -> None:
        with lock:
            begun.append(item)

    results = in_order(work, range(100), 2)
    next(results)
    time.sleep(0.05)
    assert len(begun) <= 4
    results.close()
    assert len(begun) <= 4


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_comes_in_its_turn_and_ends_the_work(workers: int) -> None:
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 4:
            raise ValueError("four")
        return item

    results = in_order(work, range(1000), workers)
    assert [next(results)[0] for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="four"):
        next(results)
    assert len(begun) < 20


def test_there_is_a_core() -> None:
    assert available_cores() >= 1
