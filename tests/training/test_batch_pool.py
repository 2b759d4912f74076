"""Batches from several processes are those that one process makes."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.training.batch_pool import BatchPool


class Numbers:
    """Batches that say which they are; no two are equal."""

    steps = 3

    def batch(self, epoch: int, step: int, *rest: int) -> tuple[np.ndarray, np.ndarray]:
        if epoch == 99:
            raise ValueError("no such epoch")
        return np.array([epoch, step, *rest]), np.array([epoch * self.steps + step])


@pytest.mark.parametrize("workers", [0, 1])
def test_every_batch_is_the_one_that_was_asked_for(workers: int) -> None:
    with BatchPool(Numbers(), workers) as pool:
        assert pool.steps == 3
        for epoch, step, size in (
            (0, 0, 8),
            (0, 1, 8),
            (0, 2, 8),
            (1, 0, 8),
            (1, 1, 16),
            (3, 2, 16),
        ):
            inputs, truth = pool.batch(epoch, step, size)
            assert inputs.tolist() == [epoch, step, size]
            assert truth.tolist() == [3 * epoch + step]


def test_an_error_of_a_process_is_told() -> None:
    with BatchPool(Numbers(), 1) as pool, pytest.raises(ValueError, match="no such epoch"):
        pool.batch(99, 0)
