"""Outlines whose corners are in pixels: filled, and checked for corners in another unit.

>>> filled([[[1, 0], [3, 0], [3, 1], [1, 1]]], (2, 4)).astype(int).tolist()
[[0, 1, 1, 0], [0, 0, 0, 0]]
>>> filled([[[0.2, 0.1], [0.3, 0.1], [0.3, 0.2]]], (256, 512))
Traceback (most recent call last):
    ...
panodent.errors.AnnotationError: all corners lie between 0 and 1; expected pixels: multiply x by \
the width and y by the height of the image, if they are fractions of them
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.errors import AnnotationError
from panodent.teeth.outlines import fill
from panodent.utils.arrays import BoolArray


def filled(rings: Sequence[npt.ArrayLike], size: tuple[int, int]) -> BoolArray:
    """The mask (height, width) of the pixels in any of these rings of (x, y); not empty of rings.

    Raises `AnnotationError` as `fill` and `check_unit`.
    """
    mask = fill([[ring] for ring in rings], size)
    check_unit(rings)
    return mask


def check_unit(rings: Sequence[npt.ArrayLike]) -> None:
    """Raises `AnnotationError` for rings of (x, y) whose corners are fractions of the image.

    A few teeth would become one pixel each, and all others nothing.
    """
    points = np.concatenate([np.asarray(ring, np.float64) for ring in rings])
    low, high = points.min(axis=0), points.max(axis=0)
    if (low >= 0).all() and (high <= 1).all() and (points % 1 != 0).any():
        raise AnnotationError(
            "all corners lie between 0 and 1; expected pixels: multiply x by the width and y by "
            "the height of the image, if they are fractions of them"
        )
