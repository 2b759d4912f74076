"""Where the numbers of the teeth stand in a picture, so that none covers another.

A number prefers its own tooth, near the crown; where a neighbour's number is in the way it slides
towards the root, and at last leaves the tooth past the root (above the upper, below the lower
teeth: the free side), tied to it by a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH
from panodent.teeth.teeth import Teeth

Size = tuple[float, float]
Box = tuple[float, float, float, float]

_ALONG_TOOTH = (0.36, 0.46, 0.27, 0.56, 0.66, 0.76)
"""Places tried on the tooth itself: share of its height from the biting edge to the root."""
_RINGS_OUTSIDE = 8
_SIDEWAYS = (0.0, -0.6, 0.6, -1.2, 1.2)


@dataclass(frozen=True)
class Label:
    """The place of one tooth's number.

    Attributes
    ----------
    index : which tooth of the record.
    box : (top, left, bottom, right) that the text fills, pixels.
    root : (x, y) where a leader line meets the tooth, or None where the number stands on it.
    """

    index: int
    box: Box
    root: tuple[float, float] | None = None


def place_labels(teeth: Teeth, sizes: Sequence[Size]) -> list[Label]:
    """A place inside the image for each tooth's text of (height, width) pixels, in record order.

    Boxes do not overlap unless the picture is too small to hold them all; then the place that
    overlaps least is taken. Works jaw by jaw from left to right.
    """
    upwards = _roots_point_up(teeth)
    columns = (teeth.boxes[:, 1] + teeth.boxes[:, 3]).tolist()
    order = sorted(range(len(teeth)), key=lambda i: (not upwards[i], columns[i], i))
    taken = np.empty((0, 4))
    placed: list[Label] = []
    for index in order:
        label = _place(teeth, index, sizes[index], bool(upwards[index]), taken)
        placed.append(label)
        taken = np.concatenate([taken, [label.box]])
    return sorted(placed, key=lambda label: label.index)


def _roots_point_up(teeth: Teeth) -> npt.NDArray[np.bool_]:
    """(n,) whether a tooth stands in the upper jaw; without a number, by the nearest that has."""
    middles = (teeth.boxes[:, :2] + teeth.boxes[:, 2:]) / 2.0
    numbered = np.flatnonzero(teeth.fdi)
    upper = np.zeros(len(teeth), bool)
    for index, fdi in enumerate(teeth.fdi.tolist()):
        if fdi:
            upper[index] = TEETH[fdi].jaw == "upper"
        elif numbered.size:
            distance = ((middles[numbered] - middles[index]) ** 2).sum(axis=1)
            upper[index] = TEETH[int(teeth.fdi[numbered[distance.argmin()]])].jaw == "upper"
        else:
            upper[index] = middles[index, 0] < teeth.size[0] / 2
    return upper


def _place(teeth: Teeth, index: int, size: Size, up: bool, taken: npt.NDArray[np.float64]) -> Label:
    best: Label | None = None
    least = np.inf
    for label in _candidates(teeth, index, size, up):
        covered = _overlap(label.box, taken)
        if covered == 0:
            return label
        if covered < least:
            best, least = label, covered
    assert best is not None  # noqa: S101  # the first candidate always exists
    return best


def _candidates(teeth: Teeth, index: int, size: Size, up: bool) -> Iterator[Label]:
    top, left, bottom, _ = teeth.boxes[index].tolist()
    mask = teeth.masks[index]
    rows = bottom - top
    for share in _ALONG_TOOTH:
        row = round((1 - share if up else share) * (rows - 1))
        yield Label(index, _inside(_around(left + _middle(mask, row), top + row, size), teeth.size))
    apex_row = 0 if up else rows - 1
    apex = (left + _middle(mask, apex_row), float(top + apex_row))
    step = (-1 if up else 1) * size[0] * 1.15
    for ring in range(_RINGS_OUTSIDE):
        row_at = apex[1] + step * (ring + 1)
        for aside in _SIDEWAYS:
            box = _around(apex[0] + aside * size[1], row_at, size)
            if box == _inside(box, teeth.size):
                yield Label(index, box, apex)


def _middle(mask: npt.NDArray[np.bool_], row: int) -> float:
    """Mean column of the mask's pixels in a row, or of the box where the row has none."""
    columns = np.flatnonzero(mask[row])
    return float(columns.mean()) if columns.size else (mask.shape[1] - 1) / 2


def _around(x: float, y: float, size: Size) -> Box:
    height, width = size
    return (y - height / 2, x - width / 2, y + height / 2, x + width / 2)


def _inside(box: Box, image: tuple[int, int]) -> Box:
    """The box moved into the image as far as it fits."""
    top, left, bottom, right = box
    down = max(-top, 0.0) or min(image[0] - bottom, 0.0)
    aside = max(-left, 0.0) or min(image[1] - right, 0.0)
    return (top + down, left + aside, bottom + down, right + aside)


def _overlap(box: Box, taken: npt.NDArray[np.float64]) -> float:
    """Area that the box shares with the boxes (n, 4) that are taken."""
    if not len(taken):
        return 0.0
    high = np.minimum(taken[:, 2], box[2]) - np.maximum(taken[:, 0], box[0])
    wide = np.minimum(taken[:, 3], box[3]) - np.maximum(taken[:, 1], box[1])
    return float((high.clip(0) * wide.clip(0)).sum())
