"""The long axis of a tooth, and how far it leans."""

from __future__ import annotations

from collections.abc import Mapping
from math import atan2, cos, degrees, hypot, radians, sin

import numpy as np

from panodent.dentition import TEETH
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray, Float64Array

MIN_ELONGATION = 1.2
"""Smallest ratio of a mask's principal axes with which it has a long axis."""
FLAT = 0.5
"""A tooth lies flat if its axis rises by less than this, the sine of 30 degrees."""
END = 0.35
"""The crown of a flat tooth is at the end that has more pixels in this share of its length."""


def long_axis(teeth: Teeth, index: int) -> Float64Array | None:
    """The `axis_of` the pixels of tooth `index`.

    >>> block = np.ones((20, 8), bool)
    >>> long_axis(Teeth.from_masks((30, 30), [(36, block, (5, 5))]), 0).tolist()
    [0.0, 1.0]
    """
    mask = teeth.masks[index]
    return axis_of(mask, moments_of(mask), int(teeth.fdi[index]))


def moments_of(mask: BoolArray) -> Mapping[str, float]:
    """OpenCV's moments of the pixels of a mask, in columns (x) and rows (y)."""
    import cv2

    return cv2.moments(np.ascontiguousarray(mask).view(np.uint8))


def axis_of(
    mask: BoolArray,
    moments: Mapping[str, float],
    fdi: int,
    pitch: tuple[float, float] = (1.0, 1.0),
) -> Float64Array | None:
    """Unit vector (x, y) of a tooth's first principal axis, from crown to root; None if round.

    `moments` are the `moments_of` its mask, `pitch` (x, y) the distances of the mask's columns and
    rows. The root of an upper tooth is above its crown, that of a lower tooth below. If the tooth
    lies flat, its crown is the end with more pixels: roots are narrower, or have a gap between
    them.
    """
    if moments["m00"] < 3:
        return None
    (wide, tall), xy = pitch, moments["mu11"] * pitch[0] * pitch[1]
    xx, yy = moments["mu20"] * wide**2, moments["mu02"] * tall**2
    # The eigenvalues of [[xx, xy], [xy, yy]], and the eigenvector of the larger one.
    middle, half = (xx + yy) / 2, hypot((xx - yy) / 2, xy)
    if middle + half < MIN_ELONGATION**2 * max(middle - half, 0.0):
        return None
    axis = np.array((middle + half - yy, xy) if xx > yy else (xy, middle + half - xx))
    axis /= hypot(*axis.tolist())
    upwards = fdi != UNNUMBERED and TEETH[fdi].jaw == "upper"
    if abs(axis[1]) > FLAT or fdi == UNNUMBERED:
        return axis if (axis[1] < 0) == upwards else -axis
    rows, cols = np.nonzero(mask)
    return axis if crown_share(cols * (wide * axis[0]) + rows * (tall * axis[1])) > 1 else -axis


def crown_share(along: Float64Array) -> float:
    """Pixels at the lower end of a tooth divided by those at the upper end.

    `along` (n,) are the places of its pixels along its axis; above 1, the crown is at the lower
    end.
    """
    low, high = float(along.min()), float(along.max())
    part = END * (high - low)
    return float((along <= low + part).sum() / max(int((along >= high - part).sum()), 1))


def tilt(fdi: int, axis: Float64Array, plane: float = 0.0) -> float:
    """Degrees from the occlusal plane's perpendicular to the crown, positive mesially.

    `axis` is the `long_axis` of tooth `fdi`, `plane` the occlusal plane's angle to the image rows
    in degrees, positive clockwise.
    """
    turn, (x, y) = radians(plane), axis.tolist()
    rightwards, downwards = x * cos(turn) + y * sin(turn), y * cos(turn) - x * sin(turn)
    # From root to crown, with zero as 0.0 rather than -0.0.
    mesially = 0.0 - rightwards if TEETH[fdi].side == "right" else 0.0 + rightwards
    to_crown = 0.0 - downwards if TEETH[fdi].jaw == "upper" else 0.0 + downwards
    return degrees(atan2(mesially, to_crown))


def turned(first: float, second: float) -> float:
    """The difference of two tilts in degrees, from -180 to below 180.

    >>> turned(170, -170), turned(30, 10)
    (-20, 20)
    """
    return (first - second + 180) % 360 - 180
