"""Whose each pixel is among teeth that claim it, and how far each tooth leads in its own crop.

Everything is at the network's resolution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import BoolArray, Float32Array

SHARED = 3.0
"""A pixel is a tooth's unless another claims it more by this in log likelihood: teeth overlap."""
_LEAST = 1e-6
_REACH = np.ones((5, 5), np.uint8)


def cropped(box: Sequence[int], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a box (top, left, bottom, right) with room for its outline."""
    top, left, bottom, right = box
    return (
        slice(max(top - 2, 0), min(bottom + 2, size[0])),
        slice(max(left - 2, 0), min(right + 2, size[1])),
    )


class Claims:
    """The k pixels `inside` (h, w), the tooth of each, and how likely each is each tooth's.

    `owner` is (k,), `likely` (k, n) a log likelihood, `none` (h, w) the probability of no tooth.
    What all teeth ask of the whole plane is computed once.
    """

    def __init__(
        self,
        inside: BoolArray,
        owner: npt.NDArray[np.int64],
        likely: Float32Array,
        none: Float32Array,
    ) -> None:
        self.size = (inside.shape[0], inside.shape[1])
        self.owner, self.likely = owner, likely
        pixels = np.flatnonzero(inside)
        self._boxes = _boxes(pixels, owner, likely.shape[1], self.size[1])
        self._whose = np.full(inside.shape, -1, np.int32)
        self._whose.ravel()[pixels] = owner
        self._place = np.zeros(inside.shape, np.int32)
        self._place.ravel()[pixels] = np.arange(len(pixels))
        everyone = np.arange(len(owner))
        self._first = likely[everyone, owner]
        rest = likely.copy()
        rest[everyone, owner] = -np.inf
        self._second = rest.max(axis=1)  # minus infinity where there is a single tooth
        without = np.clip(none, _LEAST, 1 - _LEAST)
        self._tooth = np.log(1 - without) - np.log(without)

    def lead(self, index: int) -> tuple[Float32Array, tuple[int, int]]:
        """How much likelier each pixel of a crop is this tooth's than any other's or no tooth's.

        Above 0 where it is this tooth's; `SHARED` lets neighbours have pixels in common. Returns
        the crop's (row, column) too. The tooth must have a pixel.
        """
        import cv2

        rows, cols = cropped(self._boxes[index].tolist(), self.size)
        whose = self._whose[rows, cols]
        here = whose >= 0
        at = self._place[rows, cols][here]
        others = np.where(self.owner[at] == index, self._second[at], self._first[at])
        apart = np.full(here.shape, -4.0, np.float32)
        apart[here] = np.clip(self.likely[at, index] - others, -8, 8)
        # Outside all teeth, where offsets mean nothing, the nearest tooth decides.
        reach = cv2.dilate((whose == index).view(np.uint8), _REACH).view(bool)
        apart[~here & reach] = 4.0
        apart += np.float32(SHARED)
        return np.minimum(apart, self._tooth[rows, cols]), (rows.start, cols.start)


def by_owner(
    owner: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pixels (k,) in order of their owner, the owners that have any, and where each one's begin.

    Owners are fewer than 32,768: sixteen bits are sorted ten times as fast as sixty-four.
    """
    order = np.argsort(owner.astype(np.int16), kind="stable")
    ranked = owner[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=-1))
    return order, ranked[starts], starts


def _boxes(
    pixels: npt.NDArray[np.int64], owner: npt.NDArray[np.int64], count: int, width: int
) -> npt.NDArray[np.int64]:
    """(n, 4) boxes (top, left, bottom, right) of each owner's pixels; 0 for one without any."""
    order, present, starts = by_owner(owner)
    row, col = np.divmod(pixels[order], width)
    boxes = np.zeros((count, 4), np.int64)
    if len(present):
        for side, (values, extreme) in enumerate(
            ((row, np.minimum), (col, np.minimum), (row + 1, np.maximum), (col + 1, np.maximum))
        ):
            boxes[present, side] = extreme.reduceat(values, starts)
    return boxes
