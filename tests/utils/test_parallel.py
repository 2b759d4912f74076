"""Work side by side: in order, few ahead, and an error ends it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from panodent.utils.parallel import available_cores, in_order, shared_out


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    def work(item: int) -> int:
        time.sleep(0.002 * (7 - item % 7))
        return item * item

    assert list(in_order(work, range(30), workers)) == [(item, item * item) for item in range(30)]


def test_few_are_begun_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = in_order(lambda item: item, items(), 2)
    for done in range(1, 20):
        next(results)
        assert len(taken) == done + 3
    results.close()
    assert len(taken) == 22


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


@pytest.mark.parametrize("threads", [1, 2, 3, 9])
def test_items_that_are_shared_out_keep_their_order(threads: int) -> None:
    def work(item: int) -> int:
        time.sleep(0.001 * (3 - item % 3))
        return item * item

    assert shared_out(work, range(7), threads) == [item * item for item in range(7)]
    assert shared_out(work, [], threads) == []
    with pytest.raises(ZeroDivisionError):
        shared_out(lambda item: 1 // (item - 3), range(7), threads)
