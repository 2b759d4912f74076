"""Bootstrap resamples and confidence intervals over radiographs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import Float64Array

CONFIDENCE = 0.95


_BLOCK = 100  # resamples weighed at once: memory stays flat however many cases there are


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, the ends of its 95 % interval, and over how many things it was taken.

    `value` is None where there was nothing to count, `low` and `high` where no interval can be
    given; `reason` then says why.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    count: int = 0
    reason: str = ""


def _resamples(count: int, samples: int, seed: int) -> npt.NDArray[np.int64]:
    """(samples, count) positions of cases, drawn with replacement."""
    generator = np.random.default_rng(seed)
    return (
        generator.integers(count, size=(samples, count)) if samples else np.empty((0, count), int)
    )


def _interval(
    above: Float64Array, below: Float64Array, drawn: npt.NDArray[np.int64]
) -> tuple[Float64Array, Float64Array]:
    """Percentiles, (k,) each, of the columns' ratios; NaN where no resample had a denominator."""
    count, columns = above.shape
    ratios = np.full((len(drawn), columns), np.nan)
    for start in range(0, len(drawn), _BLOCK):
        rows = drawn[start : start + _BLOCK]
        weights = np.stack([np.bincount(row, minlength=count) for row in rows]).astype(np.float64)
        divisor = weights @ below
        np.divide(
            weights @ above, divisor, out=ratios[start : start + len(rows)], where=divisor > 0
        )
    ends = np.full((2, columns), np.nan)
    usable = ~np.isnan(ratios).all(axis=0)
    if usable.any():
        tail = 50 * (1 - CONFIDENCE)
        ends[:, usable] = np.nanpercentile(ratios[:, usable], [tail, 100 - tail], axis=0)
    return ends[0], ends[1]
