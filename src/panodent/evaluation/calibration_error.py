"""Expected calibration error of scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BINS = 10


def expected_error(scores: npt.ArrayLike, right: npt.ArrayLike) -> float | None:
    """Expected calibration error: mean distance of score and share that is right, by tenths.

    None without teeth. Source: Guo et al. 2017, arXiv:1706.04599.
    """
    p, y = np.asarray(scores, np.float64), np.asarray(right, np.float64)
    if not len(p):
        return None
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    off = np.bincount(bins, p - y, minlength=BINS)
    return float(np.abs(off).sum() / len(p))
