"""Places for the numbers of teeth in a picture, so that no number covers another.

A number is placed on its own tooth near the crown; where another number is in the way, further
towards the root; where that is taken too, beyond the root (above upper teeth, below lower teeth),
connected to its tooth by a line.

>>> tooth = (36, np.ones((50, 20), bool), (20, 10))
>>> place_labels(Teeth.from_masks((100, 100), [tooth]), [(12.0, 10.0)])[0].anchor is None
True
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH
from panodent.teeth.teeth import Teeth

Size = tuple[float, float]
"""(height, width) of a text in pixels."""
Box = tuple[float, float, float, float]
"""(top, left, bottom, right) in pixels."""

_ALONG_TOOTH = (0.36, 0.46, 0.27, 0.56, 0.66, 0.76)
"""Heights tried on the tooth itself: shares of its height from the biting edge to the root."""
_ROWS_OUTSIDE = 8  # rows of places tried beyond the root
_SIDEWAYS = (0.0, -0.6, 0.6, -1.2, 1.2)  # places in each row: widths of the text from the root


@dataclass(frozen=True)
class Label:
    """The place of one tooth's number.

    Attributes
    ----------
    index : position of the tooth in the record.
    box : (top, left, bottom, right) of the text in pixels.
    anchor : (x, y) where a line from the number meets the tooth; None where the number is on it.
    """

    index: int
    box: Box
    anchor: tuple[float, float] | None = None


def place_labels(teeth: Teeth, sizes: Sequence[Size]) -> list[Label]:
    """A place inside the image for each tooth's text, in the order of the record.

    `sizes` are (height, width) of the texts in pixels. Boxes do not overlap, unless no free place
    is found; then the place with the smallest overlap is taken. Teeth are placed jaw by jaw, from
    left to right.
    """
    upwards = _roots_point_up(teeth)
    columns = (teeth.boxes[:, 1] + teeth.boxes[:, 3]).tolist()
    order = sorted(range(len(teeth)), key=lambda i: (not upwards[i], columns[i], i))
    placed: list[Label] = []
    for index in order:
        taken = [label.box for label in placed]
        placed.append(_place(teeth, index, sizes[index], bool(upwards[index]), taken))
    return sorted(placed, key=lambda label: label.index)


def _roots_point_up(teeth: Teeth) -> npt.NDArray[np.bool_]:
    """(n,) bool: whether a tooth is in the upper jaw, where roots point up.

    A tooth without a number is in the jaw of the nearest numbered tooth; without any, in the half
    of the image where it is.
    """
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


def _place(teeth: Teeth, index: int, size: Size, up: bool, taken: Sequence[Box]) -> Label:
    """The first place that is free of the boxes `taken`, or the one with least overlap."""
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
    """Places for a tooth's number, the best first; with `up` its root points up."""
    top, left, bottom, _ = teeth.boxes[index].tolist()
    mask = teeth.masks[index]
    rows = bottom - top
    for share in _ALONG_TOOTH:
        row = round((1 - share if up else share) * (rows - 1))
        yield Label(index, _inside(_around(left + _middle(mask, row), top + row, size), teeth.size))
    apex_row = 0 if up else rows - 1
    apex = (left + _middle(mask, apex_row), float(top + apex_row))
    step = (-1 if up else 1) * size[0] * 1.15
    for row_outside in range(_ROWS_OUTSIDE):
        row_at = apex[1] + step * (row_outside + 1)
        for aside in _SIDEWAYS:
            box = _around(apex[0] + aside * size[1], row_at, size)
            if box == _inside(box, teeth.size):
                yield Label(index, box, apex)


def _middle(mask: npt.NDArray[np.bool_], row: int) -> float:
    """Mean column of the mask's pixels in a row, or the middle of the box where it has none."""
    columns = np.flatnonzero(mask[row])
    return float(columns.mean()) if columns.size else (mask.shape[1] - 1) / 2


def _around(x: float, y: float, size: Size) -> Box:
    """The box of this size with its centre at (x, y)."""
    height, width = size
    return (y - height / 2, x - width / 2, y + height / 2, x + width / 2)


def _inside(box: Box, image: tuple[int, int]) -> Box:
    """The box moved into the image of (height, width), as far as it fits."""
    top, left, bottom, right = box
    down = max(-top, 0.0) or min(image[0] - bottom, 0.0)
    aside = max(-left, 0.0) or min(image[1] - right, 0.0)
    return (top + down, left + aside, bottom + down, right + aside)


def _overlap(box: Box, taken: Sequence[Box]) -> float:
    """Area in pixels that the box shares with the boxes `taken`."""
    top, left, bottom, right = box
    return sum(
        (min(bottom, low) - max(top, high)) * (min(right, far) - max(left, near))
        for high, near, low, far in taken
        if high < bottom and top < low and near < right and left < far
    )
