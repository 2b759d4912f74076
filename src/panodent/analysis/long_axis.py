"""The long axis of a tooth, and how far it leans."""

from __future__ import annotations

import numpy as np

from panodent.dentition import TEETH
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import Float64Array

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
    rows, cols = np.nonzero(teeth.masks[index])
    return axis_of(np.stack([cols, rows], axis=1).astype(np.float64), int(teeth.fdi[index]))


def axis_of(points: Float64Array, fdi: int) -> Float64Array | None:
    """Unit vector (x, y) of a tooth's first principal axis, from crown to root; None if round.

    `points` (n, 2) are (x, y). The root of an upper tooth is above its crown, that of a lower tooth
    below. If the tooth lies flat, its crown is the end with more pixels: roots are narrower, or
    have a gap between them.
    """
    if len(points) < 3:
        return None
    points = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(points.T @ points / len(points))
    if values[1] < MIN_ELONGATION**2 * max(values[0], 0.0):
        return None
    axis: Float64Array = vectors[:, 1]
    upwards = fdi != UNNUMBERED and TEETH[fdi].jaw == "upper"
    if abs(axis[1]) > FLAT or fdi == UNNUMBERED:
        return axis if (axis[1] < 0) == upwards else -axis
    return axis if crown_share(points @ axis) >= 1 else -axis


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
    turn = np.deg2rad(plane)
    rightwards = np.array([np.cos(turn), np.sin(turn)])
    mesial = rightwards if TEETH[fdi].side == "right" else -rightwards
    towards = np.array([-np.sin(turn), np.cos(turn)]) * (1 if TEETH[fdi].jaw == "upper" else -1)
    return float(np.rad2deg(np.arctan2(-axis @ mesial, -axis @ towards)))


def turned(first: float, second: float) -> float:
    """The difference of two tilts in degrees, from -180 to below 180.

    >>> turned(170, -170), turned(30, 10)
    (-20, 20)
    """
    return (first - second + 180) % 360 - 180
