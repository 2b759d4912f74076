"""Overlap of the teeth of two records of one radiograph, computed in crops.

The cost grows with the size of the teeth, not with that of the image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray, Float64Array

Crop = tuple[Sequence[int], BoolArray]
"""(top, left, bottom, right) in pixels of the image, half open, and a mask of exactly that size."""


def intersection(first: Crop, second: Crop) -> int:
    """Pixels that two masks have in common.

    >>> square = np.ones((4, 4), bool)
    >>> intersection(((0, 0, 4, 4), square), ((1, 2, 5, 6), square))
    6
    """
    (top0, left0, bottom0, right0), (top1, left1, bottom1, right1) = first[0], second[0]
    top, left = max(top0, top1), max(left0, left1)
    bottom, right = min(bottom0, bottom1), min(right0, right1)
    if top >= bottom or left >= right:
        return 0
    here = first[1][top - top0 : bottom - top0, left - left0 : right - left0]
    there = second[1][top - top1 : bottom - top1, left - left1 : right - left1]
    return int(np.count_nonzero(here & there))


def intersections(first: Teeth, second: Teeth) -> npt.NDArray[np.int64]:
    """Pixels that every tooth of one record shares with every tooth of the other, (n, m)."""
    rows = list(zip(first.boxes.tolist(), first.masks, strict=True))
    columns = list(zip(second.boxes.tolist(), second.masks, strict=True))
    shared = np.array([[intersection(a, b) for b in columns] for a in rows], np.int64)
    return shared.reshape(len(rows), len(columns))


def iou_and_dice(truth: Teeth, prediction: Teeth) -> tuple[Float64Array, Float64Array]:
    """Intersection over union and Dice of every tooth with every other, (n, m) float64 of 0 to 1.

    Rows are the n teeth of `truth`, columns the m teeth of `prediction`. No mask of `Teeth` is
    empty, so neither divides by zero.
    """
    both = intersections(truth, prediction)
    total = truth.areas[:, None] + prediction.areas[None, :]
    return both / (total - both), 2 * both / total


def union(teeth: Teeth) -> BoolArray:
    """(height, width) bool: True where any tooth is."""
    image = np.zeros(teeth.size, bool)
    for (top, left, bottom, right), mask in zip(teeth.boxes.tolist(), teeth.masks, strict=True):
        image[top:bottom, left:right] |= mask
    return image


def foreground_dice(truth: Teeth, prediction: Teeth, ignored: Teeth | None = None) -> float:
    """Dice of the union of all teeth; 1 where both sides have none, 0 where one side has none.

    Pixels of `ignored` that are in no tooth of `truth` are left out.
    """
    first, second = union(truth), union(prediction)
    if ignored is not None and len(ignored):
        second &= first | ~union(ignored)
    total = int(np.count_nonzero(first)) + int(np.count_nonzero(second))
    return 2 * int(np.count_nonzero(first & second)) / total if total else 1.0


def crops_by_number(teeth: Teeth) -> dict[int, Crop]:
    """FDI number -> crop; teeth of the same number are joined into one mask."""
    joined: dict[int, Crop] = {}
    for fdi, box, mask in teeth:
        if fdi in joined:  # rare: several teeth with one number
            several = union(teeth.select(teeth.fdi == fdi))
            joined[fdi] = ((0, 0, *teeth.size), several)
        else:
            joined[fdi] = (box.tolist(), mask)
    return joined
