"""Bootstrap over radiographs: resamples, ratios of sums, and estimates with percentile intervals.

The radiograph is the unit that is drawn, because teeth of one radiograph are not independent.
Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13 (percentile
interval), https://doi.org/10.1201/9780429246593.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import Float64Array

CONFIDENCE = 0.95
"""Share of the resampled values that an interval holds."""

_BLOCK = 100  # resamples weighted at a time, so that memory does not grow with their number


@dataclass(frozen=True, slots=True)
class Estimate:
    """The value of a metric with its 95 % bootstrap interval.

    Attributes
    ----------
    value : None where there was nothing to count.
    low, high : ends of the interval, both None where none can be given.
    count : how many things (teeth, radiographs) the value was taken over.
    reason : why there is no value or no interval, empty otherwise.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    count: int = 0
    reason: str = ""


def resamples(count: int, samples: int, seed: int) -> npt.NDArray[np.int64]:
    """Positions of cases drawn with replacement, (samples, count) int64 of 0 to count - 1.

    The same arguments give the same positions.

    >>> resamples(3, 2, seed=0).shape
    (2, 3)
    """
    generator = np.random.default_rng(seed)
    return (
        generator.integers(count, size=(samples, count)) if samples else np.empty((0, count), int)
    )


def resampled_ratios(
    numerators: Float64Array, denominators: Float64Array, drawn: npt.NDArray[np.int64]
) -> Float64Array:
    """Ratio of the summed columns for each resample, (samples, k) float64.

    `numerators` and `denominators` are (cases, k), `drawn` is (samples, cases) from `resamples`.
    A ratio is NaN where the denominators of a resample sum up to 0.

    >>> resampled_ratios(np.array([[1.0], [0.0]]), np.ones((2, 1)), np.array([[0, 0], [0, 1]]))
    array([[1. ],
           [0.5]])
    """
    count, columns = numerators.shape
    ratios = np.full((len(drawn), columns), np.nan)
    for start in range(0, len(drawn), _BLOCK):
        rows = drawn[start : start + _BLOCK]
        weights = np.stack([np.bincount(row, minlength=count) for row in rows]).astype(np.float64)
        divisor = weights @ denominators
        np.divide(
            weights @ numerators, divisor, out=ratios[start : start + len(rows)], where=divisor > 0
        )
    return ratios


def percentile_interval(resampled: npt.ArrayLike) -> tuple[float, float] | None:
    """The interval that holds the middle `CONFIDENCE` of resampled values, linear percentiles.

    NaN stands for a resample without a value and is left out; None when no value is left.

    >>> low, high = percentile_interval([0.0, float("nan"), 40.0])
    >>> round(low, 6), round(high, 6)
    (1.0, 39.0)
    """
    values = np.asarray(resampled, np.float64)
    values = values[~np.isnan(values)]
    if not values.size:
        return None
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def estimate(value: float, resampled: npt.ArrayLike, count: int) -> Estimate:
    """A value over `count` things with the percentile interval of its resampled values.

    >>> estimate(0.5, [], 3)
    Estimate(value=0.5, low=None, high=None, count=3, reason='too few cases for an interval')
    """
    interval = percentile_interval(resampled)
    if interval is None:
        return Estimate(value, count=count, reason="too few cases for an interval")
    return Estimate(value, *interval, count)
