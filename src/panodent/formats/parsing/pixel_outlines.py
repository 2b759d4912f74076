"""Outlines whose corners are in pixels: filled, and checked for corners in another unit.

An outline that lies outside of the image was drawn on another one, or on one of another size.

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

    Raises `AnnotationError` as `fill`, `check_unit` and `check_inside`.
    """
    mask = fill([[ring] for ring in rings], size)
    check_unit(rings)
    check_inside(rings, size)
    return mask


PIXELS = "pixels: multiply x by the width and y by the height of the image"


def check_unit(rings: Sequence[npt.ArrayLike], expected: str = PIXELS) -> None:
    """Raises `AnnotationError` for rings of (x, y) whose corners are fractions of the image.

    A few teeth would become one pixel each, and all others nothing. `expected` names the unit, and
    how to get there from fractions.
    """
    points = _corners(rings)
    low, high = points.min(axis=0), points.max(axis=0)
    if (low >= 0).all() and (high <= 1).all() and (points % 1 != 0).any():
        raise AnnotationError(
            f"all corners lie between 0 and 1; expected {expected}, if they are fractions of them"
        )


def check_inside(rings: Sequence[npt.ArrayLike], size: tuple[int, int]) -> None:
    """Raises `AnnotationError` for rings of (x, y) that lie outside of an image (height, width).

    >>> check_inside([[[0, 0], [3, 0], [0, 9]]], (8, 10))
    """
    points = _corners(rings)
    low, high = points.min(axis=0), points.max(axis=0)
    height, width = size
    if (high <= 0).any() or (low >= (width, height)).any():
        raise AnnotationError(
            f"lies outside of the image: x {low[0]:g} to {high[0]:g}, y {low[1]:g} to {high[1]:g} "
            f"in {width} x {height} pixels; was it drawn on an image of another size? Draw it "
            "again, or delete it"
        )


def _corners(rings: Sequence[npt.ArrayLike]) -> npt.NDArray[np.float64]:
    return np.concatenate([np.asarray(ring, np.float64) for ring in rings])
