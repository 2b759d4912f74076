"""Expected calibration error of scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BINS = 10
"""Bins of equal width over scores of 0 to 1."""


def expected_calibration_error(scores: npt.ArrayLike, correct: npt.ArrayLike) -> float | None:
    """Mean distance, 0 to 1, between score and share of correct predictions, by bins of the score.

    `scores` is (n,) of 0 to 1, `correct` (n,) bool or 0/1. Each bin counts by its number of
    predictions; a score of 1 belongs to the last bin. None for n = 0. Source: Guo et al. 2017,
    On Calibration of Modern Neural Networks, https://arxiv.org/abs/1706.04599, equation 3.

    >>> expected_calibration_error([0.75, 0.75], [True, False])
    0.25
    """
    p, y = np.asarray(scores, np.float64), np.asarray(correct, np.float64)
    if not len(p):
        return None
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    off = np.bincount(bins, p - y, minlength=BINS)
    return float(np.abs(off).sum() / len(p))
