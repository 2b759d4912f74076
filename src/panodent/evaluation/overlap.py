"""How the teeth of two records of one radiograph overlap, counted in crops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray

Counts = npt.NDArray[np.int64]
Ratios = npt.NDArray[np.float64]
Crop = tuple[Sequence[int], BoolArray]
"""(top, left, bottom, right) and a mask exactly as large."""


def shared(first: Crop, second: Crop) -> int:
    """Pixels that two masks have in common."""
    (top0, left0, bottom0, right0), (top1, left1, bottom1, right1) = first[0], second[0]
    top, left = max(top0, top1), max(left0, left1)
    bottom, right = min(bottom0, bottom1), min(right0, right1)
    if top >= bottom or left >= right:
        return 0
    here = first[1][top - top0 : bottom - top0, left - left0 : right - left0]
    there = second[1][top - top1 : bottom - top1, left - left1 : right - left1]
    return int(np.count_nonzero(here & there))


def iou_and_dice(truth: Teeth, found: Teeth) -> tuple[Ratios, Ratios]:
    """Intersection over union and Dice of every tooth with every other, (n, m) each.

    No mask of `Teeth` is empty, so neither divides by zero.
    """
    first = list(zip(truth.boxes.tolist(), truth.masks, strict=True))
    second = list(zip(found.boxes.tolist(), found.masks, strict=True))
    both = np.array([[shared(a, b) for b in second] for a in first], np.int64)
    both = both.reshape(len(first), len(second))
    total = truth.areas[:, None] + found.areas[None, :]
    return both / (total - both), 2 * both / total


def same_number_pairs(truth: Teeth, found: Teeth, dice: Ratios) -> dict[int, int]:
    """Position in the truth -> position in the prediction, for teeth of one number.

    Where a number stands twice, teeth are paired one to one, the largest Dice first.
    """
    alike = (truth.fdi[:, None] == found.fdi[None, :]) & (truth.fdi[:, None] != UNNUMBERED)
    rows, cols = np.nonzero(alike)
    pairs: dict[int, int] = {}
    for place in np.argsort(-dice[rows, cols], kind="stable").tolist():
        row, col = int(rows[place]), int(cols[place])
        if row not in pairs and col not in pairs.values():
            pairs[row] = col
    return pairs


def union(teeth: Teeth) -> BoolArray:
    """(height, width): where any tooth is."""
    image = np.zeros(teeth.size, bool)
    for (top, left, bottom, right), mask in zip(teeth.boxes.tolist(), teeth.masks, strict=True):
        image[top:bottom, left:right] |= mask
    return image


def foreground_dice(truth: Teeth, found: Teeth) -> float:
    """Dice of all teeth taken together; 1 where neither side has any, 0 where one has none."""
    if not len(truth) and not len(found):
        return 1.0
    first, second = union(truth), union(found)
    both = int(np.count_nonzero(first & second))
    return 2 * both / (int(np.count_nonzero(first)) + int(np.count_nonzero(second)))


def by_number(teeth: Teeth) -> dict[int, Crop]:
    """The crop of each number; teeth of one number are joined."""
    joined: dict[int, Crop] = {}
    for fdi, box, mask in teeth:
        if fdi in joined:  # rare: one number on several teeth
            several = union(teeth.select(teeth.fdi == fdi))
            joined[fdi] = ((0, 0, *teeth.size), several)
        else:
            joined[fdi] = (box.tolist(), mask)
    return joined
