"""Percentiles that are equal to NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.utils.percentiles import median, percentiles

GENERATOR = np.random.default_rng(5)


@pytest.mark.parametrize(
    "values",
    [
        GENERATOR.random((96, 128), np.float32),
        np.round(GENERATOR.random((96, 128), np.float32), 1),  # many equal values
        np.sort(GENERATOR.random(5000, np.float32)),
        np.sort(GENERATOR.random(5000, np.float32))[::-1],
        np.where(GENERATOR.random(9000) < 0.7, 0, 1).astype(np.float32),
        np.zeros(3000, np.float32),
        # The sample sees every third value only and is quite unlike the others.
        np.tile(np.float32([0.5, 0.1, 0.9]), 2048),
        np.tile(np.float32([0.1, 0.5, 0.5]), 2048),
        np.tile(np.float32([0.9, 0.5, 0.5]), 2048),
        GENERATOR.random((60, 70), np.float32)[::2, ::3],
        *(GENERATOR.random(size, np.float32) for size in (1, 2, 3, 17, 201)),
    ],
)
@pytest.mark.parametrize(("low", "high"), [(1.0, 99.5), (0.5, 99.7), (0, 100), (50, 51)])
def test_equal_to_those_of_numpy(values: np.ndarray, low: float, high: float) -> None:
    assert percentiles(values, low, high) == tuple(np.percentile(values, (low, high)))


@pytest.mark.parametrize("count", [1, 2, 7, 8])
@pytest.mark.parametrize("axis", [0, 1])
def test_medians_equal_those_of_numpy(count: int, axis: int) -> None:
    values = GENERATOR.random((count, count + 2), np.float32)
    assert median(values, axis).tolist() == np.median(values, axis).tolist()
