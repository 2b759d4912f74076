"""Calibration of scores: of teeth with a score of 0.9, nine in ten should be right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.errors import BundleError

MIN_TEETH = 100
"""Fewest teeth that a calibration can be fitted to."""
_EDGE = 0.005  # scores are clipped to this distance from 0 and 1


@dataclass(frozen=True)
class Calibration:
    """Platt scaling: log odds of a score times `slope` plus `offset`; 1 and 0 change nothing.

    Raises `BundleError` unless both are finite and the slope is above 0.

    >>> Calibration(1.0, 0.0)(0.7)
    0.7
    """

    slope: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite([self.slope, self.offset]).all() and self.slope > 0):
            raise BundleError(
                f"calibration has slope {self.slope} and offset {self.offset}; "
                "expected finite numbers, the slope above 0"
            )

    def __call__(self, score: float) -> float:
        """The calibrated score, 0 to 1; the order of scores is kept."""
        return float(self.of(score))

    def of(self, scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """As a call for each of several scores, of any shape."""
        if (self.slope, self.offset) == (1.0, 0.0):
            return np.asarray(scores, np.float64)
        odds = self.slope * _log_odds(scores) + self.offset
        return np.asarray(1 / (1 + np.exp(-odds)))


def fit(scores: npt.ArrayLike, right: npt.ArrayLike) -> Calibration:
    """Maximum-likelihood calibration of `scores` (n,) in [0, 1], of which some are `right` (n,).

    Platt 1999, "Probabilistic Outputs for Support Vector Machines", solved by Newton's method. With
    fewer than `MIN_TEETH` teeth, or all right, or all wrong, the calibration changes nothing.
    """
    x, y = _log_odds(np.asarray(scores, np.float64)), np.asarray(right, np.float64)
    if len(y) < MIN_TEETH or y.min() == y.max():
        return Calibration()
    # Platt's targets keep the slope finite when right and wrong scores do not overlap.
    y = np.where(y > 0, (y.sum() + 1) / (y.sum() + 2), 1 / ((1 - y).sum() + 2))
    columns = np.stack([x, np.ones_like(x)], axis=1)
    found = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-columns @ found))
        slope = columns.T @ (y - p)
        curve = (columns * (p * (1 - p))[:, None]).T @ columns + 1e-6 * np.eye(2)
        step = np.linalg.solve(curve, slope)
        found = found + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    if found[0] <= 0:
        return Calibration()  # higher scores are not more often right
    return Calibration(round(float(found[0]), 4), round(float(found[1]), 4))


def _log_odds(score: npt.ArrayLike) -> npt.NDArray[np.float64]:
    clipped = np.clip(np.asarray(score, np.float64), _EDGE, 1 - _EDGE)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))
