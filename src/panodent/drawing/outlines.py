"""Outlines of teeth and findings as smooth lines on a picture.

>>> canvas = np.zeros((20, 20, 3), np.uint8)
>>> tooth = Teeth.from_masks((20, 20), [(36, np.ones((12, 12), bool), (4, 4))])
>>> draw_outline(canvas, tooth, 0, (255, 0, 0), 11)
>>> bool(canvas[4, 10, 0]), bool(canvas[10, 10].any())
(True, False)
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from panodent.drawing.canvas import Colour, Points, RGBImage, dashes, put_lines
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import Float32Array

_TOLERANCE = 0.4
"""How far a drawn line may lie from the smoothed one, in pixels."""


def draw_outline(
    canvas: RGBImage,
    teeth: Teeth,
    index: int,
    colour: Colour,
    size: float,
    casing: Colour | None = None,
) -> None:
    """Draws the outline of a tooth into `canvas`, dashed when doubtful.

    `size` is that of the font in pixels; `casing` is the colour of a line below, which is wider.
    """
    width = max(round(size / 14), 1)
    rings = _outline_rings(teeth, index, max(round(size / 14), 2))
    if casing is not None:
        put_lines(canvas, rings, casing, width + 2, closed=True)
    if "doubtful" in teeth.flags[index]:
        pieces = [p for ring in rings for p in dashes(ring, size * 0.5, size * 0.4, closed=True)]
        put_lines(canvas, pieces, colour, width)
    else:
        put_lines(canvas, rings, colour, width, closed=True)


def _outline_rings(teeth: Teeth, index: int, reach: int) -> list[Points]:
    """Closed lines (k, 2) of points (x, y) along the outermost pixels of a tooth and of its holes.

    They are smoothed: each point is averaged with `reach` points on either side.
    """
    import cv2

    top, left = teeth.boxes[index, :2].tolist()
    found, _ = cv2.findContours(
        teeth.masks[index].view(np.uint8),
        cv2.RETR_CCOMP,
        cv2.CHAIN_APPROX_NONE,
        offset=(left, top),
    )
    return [_thinned(_smooth(ring, reach)) for ring in found]


def _thinned(ring: Points) -> Points:
    """The same line within `_TOLERANCE`, with fewer points, which draws faster."""
    import cv2

    if len(ring) < 8:
        return ring
    return cv2.approxPolyDP(ring, _TOLERANCE, True).reshape(-1, 2).astype(np.float64)


def _smooth(ring: npt.NDArray[np.int32], reach: int) -> Float32Array:
    """A closed line of pixels (k, 1, 2) smoothed by triangular weights over 2 `reach` + 1 points.

    Returns (k, 2).
    """
    import cv2

    if len(ring) < 4 * reach:
        return ring[:, 0].astype(np.float32)
    line = ring.reshape(1, -1, 2)
    around = cv2.copyMakeBorder(line, 0, 0, reach, reach, cv2.BORDER_WRAP).astype(np.float64)
    smoothed = cv2.filter2D(around, cv2.CV_64F, _weights(reach)[None])
    return smoothed[0, reach:-reach].astype(np.float32)


@cache
def _weights(reach: int) -> npt.NDArray[np.float64]:
    """(2 reach + 1,) triangular weights, which add up to 1."""
    weights = np.bartlett(2 * reach + 3)[1:-1]
    return weights / weights.sum()
