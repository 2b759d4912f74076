"""Finds the letter R that many machines burn into a radiograph, and tells from it a mirrored one.

A panoramic radiograph is seen from the front: the patient's right is on the left of the image, and
an R stands there. A letter R that reads backwards, or that stands on the right, says that left and
right are swapped. Only the R is used, because an L is too simple: edges of many things look like
it. A picture without the letter cannot be told from its mirror image.

>>> import cv2
>>> drawn = np.zeros((400, 800), np.uint8)
>>> _ = cv2.putText(drawn, "R", (20, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 2)
>>> picture = drawn.astype(np.float32) / 255
>>> mirrored(picture), mirrored(np.ascontiguousarray(picture[:, ::-1])) != ""
('', True)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panodent.teeth.masks import regions
from panodent.utils.arrays import BoolArray, FloatImage

BACKWARDS = (
    "the letter R in it reads backwards, so left and right may be swapped: mirror the picture"
)
WRONG_SIDE = (
    "the letter R stands on the right of it, so left and right may be swapped: check the sides"
)
_STRIP = 0.16
"""Letters are looked for in this share of the width, at the left and at the right edge."""
_HEIGHTS = (0.015, 0.09)
"""Least and largest height of a letter, as shares of the height of the image."""
_MIN_PIXELS = 10
_WHITE = 0.8
"""A letter has at least this share of the brightest grey value."""
_DARK = 0.6
"""Its surroundings have at most this share, nearly everywhere."""


def mirrored(pixels: FloatImage) -> str:
    """Why a radiograph seems to be mirrored, for a warning; empty if nothing says so.

    `pixels` is (H, W) with values from 0 to 1. A letter that reads forwards on the left outweighs
    what else is found.
    """
    width = pixels.shape[1]
    strip = max(int(_STRIP * width), 1)
    if "R" in _letters(pixels[:, :strip]):
        return ""
    right = _letters(pixels[:, width - strip :])
    if "backwards" in right:
        return BACKWARDS
    return WRONG_SIDE if "R" in right else ""


def _letters(strip: FloatImage) -> set[str]:
    """'R' and 'backwards' where such letters are in a strip (H, W) of the image."""
    brightest = float(strip.max(initial=0.0))
    if brightest < 0.5:
        return set()
    low, high = (share * strip.shape[0] for share in _HEIGHTS)

    def as_letter(height: int, width: int) -> bool:
        return max(low, _MIN_PIXELS) <= height <= high and 0.4 * height <= width <= height

    found = set()
    for shape, corner in regions(strip >= _WHITE * brightest, as_letter, holed=True):
        if not 0.15 <= np.count_nonzero(shape) / shape.size <= 0.85:
            continue
        if _stands_alone(strip, (*corner, *shape.shape[:2]), brightest):
            if is_letter_r(shape):
                found.add("R")
            elif is_letter_r(shape[:, ::-1]):
                found.add("backwards")
    return found


def _stands_alone(strip: FloatImage, box: tuple[int, int, int, int], brightest: float) -> bool:
    """Whether the surroundings of a (top, left, height, width) box are much darker than it.

    They are as wide as the letter at both sides, so that a letter of a word does not count.
    """
    top, left, height, width = box
    edge = max(height // 4, 2)
    rows = slice(max(top - edge, 0), top + height + edge)
    columns = slice(max(left - width, 0), left + 2 * width)
    frame = np.ones(strip[rows, columns].shape, bool)
    inner = (top - rows.start, left - columns.start)
    frame[inner[0] : inner[0] + height, inner[1] : inner[1] + width] = False
    around = strip[rows, columns][frame]
    return bool(around.size) and _mostly_below(around, _DARK * brightest)


def _mostly_below(values: npt.NDArray[np.float32], limit: float) -> bool:
    """Whether the 95th percentile of some values is at most `limit`; most often counting tells."""
    below = int(np.count_nonzero(values <= limit))
    place = int(0.95 * (len(values) - 1))  # the percentile lies between this value and the next
    if below == place + 1:
        return float(np.quantile(values, 0.95)) <= limit
    return below > place


def is_letter_r(shape: BoolArray) -> bool:
    """Whether a shape (H, W), which fills its box, is a letter R of any plain font.

    It has a stem along its left edge, from which its flat top begins, one hole in its upper half, a
    leg that ends at its lower right, and below the hole a gap between stem and leg.
    """
    height, width = shape.shape
    if height < _MIN_PIXELS or width < 5:
        return False
    hole = _only_hole(shape)
    if hole is None:
        return False
    rows, columns = np.nonzero(hole)
    third = max(round(width / 3), 1)
    covered = shape.mean(axis=0)
    edge = max(width // 5, 1)  # one side or the other has a stem, so no shape reads both ways
    stem = covered[:edge].max() >= 0.9 > covered[width - edge :].max()
    upper = shape[: max(round(0.15 * height), 1)]
    corner = upper[:, :third].mean() >= 0.5 and upper.any(axis=0).mean() >= 0.6
    lower = shape[round(0.8 * height) :]
    leg = lower[:, width - third :].any(axis=1).mean() >= 0.9
    gap = ~lower[:, third // 2 : width - third // 2].any(axis=0)
    return bool(
        stem
        and corner
        and leg
        and gap.any()
        and rows.max() < 0.65 * height
        and 0.25 * width < columns.mean() < 0.75 * width
        and hole.sum() >= 0.04 * shape.size
    )


def _only_hole(shape: BoolArray) -> npt.NDArray[np.bool_] | None:
    """The hole (H, W) of a shape that has one and no more; None otherwise."""
    import cv2

    outside = np.pad(~shape, 1, constant_values=True).astype(np.uint8)
    count, labels = cv2.connectedComponents(outside, connectivity=4)
    sizes = np.bincount(labels.ravel(), minlength=count)
    holes = [n for n in range(1, count) if n != labels[0, 0] and sizes[n] >= 0.01 * shape.size]
    return labels[1:-1, 1:-1] == holes[0] if len(holes) == 1 else None
