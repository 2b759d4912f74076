"""Assigns each pixel to a tooth and measures each tooth's lead over the alternatives.

All arrays have the network's resolution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import BoolArray, Float32Array

OVERLAP = 3.0
"""A pixel counts to a tooth unless another is likelier by this log likelihood: teeth overlap."""
_EPSILON = 1e-6
_NEIGHBOURHOOD = np.ones((5, 5), np.uint8)


def crop_with_margin(box: Sequence[int], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a box (top, left, bottom, right), two pixels wider, inside the plane.

    >>> crop_with_margin((1, 5, 3, 9), (10, 10))
    (slice(0, 5, None), slice(3, 10, None))
    """
    top, left, bottom, right = box
    return (
        slice(max(top - 2, 0), min(bottom + 2, size[0])),
        slice(max(left - 2, 0), min(right + 2, size[1])),
    )


class PixelOwners:
    """The k pixels `inside` (h, w) and the tooth that each belongs to.

    `owner` (k,) is the index of each pixel's tooth, `likely` (k, n) the log likelihood of each
    tooth at each pixel, `none` (h, w) the probability of no tooth. Values that all teeth need are
    computed once.
    """

    def __init__(
        self,
        inside: BoolArray,
        owner: npt.NDArray[np.int64],
        likely: Float32Array,
        none: Float32Array,
    ) -> None:
        self.size = (inside.shape[0], inside.shape[1])
        pixels = np.flatnonzero(inside)
        self._boxes = _boxes(pixels, owner, likely.shape[1], self.size[1])
        self._owner_at = np.full(inside.shape, -1, np.int32)
        self._owner_at.ravel()[pixels] = owner
        self._index_at = np.full(inside.shape, -1)
        self._index_at.ravel()[pixels] = np.arange(len(pixels))
        self._ahead = _ahead(owner, likely)
        without = np.clip(none, _EPSILON, 1 - _EPSILON)
        self._tooth_log_odds = np.log(1 - without) - np.log(without)

    def lead(self, index: int) -> tuple[Float32Array, tuple[int, int]]:
        """Log likelihood of a tooth minus that of the best alternative, float32 (rows, cols).

        Above 0 inside the tooth; `OVERLAP` lets neighbours share pixels. The array is a crop around
        the tooth, which must have a pixel; also returns the crop's corner (row, column).
        """
        import cv2

        rows, cols = crop_with_margin(self._boxes[index].tolist(), self.size)
        owner_here = self._owner_at[rows, cols]
        lead: Float32Array = self._ahead[:, index].take(self._index_at[rows, cols])
        # Outside all teeth offsets have no meaning, so pixels next to the tooth count to it.
        reach = cv2.dilate((owner_here == index).view(np.uint8), _NEIGHBOURHOOD).view(bool)
        lead[reach & (owner_here < 0)] = 4.0
        lead += np.float32(OVERLAP)
        return np.minimum(lead, self._tooth_log_odds[rows, cols]), (rows.start, cols.start)


def _ahead(owner: npt.NDArray[np.int64], likely: Float32Array) -> Float32Array:
    """(k + 1, n): by how much each tooth is likelier than the best other one at each pixel.

    The last row is that of pixels outside of all teeth.
    """
    every = np.arange(len(owner))
    # Each tooth's pixels lie together in memory, which is faster here and in `lead`.
    ahead: Float32Array = np.full((len(owner) + 1, likely.shape[1]), -4, np.float32, order="F")
    inside = ahead[:-1]
    inside[:] = likely
    first = likely[every, owner]
    inside[every, owner] = -np.inf
    second = inside.max(axis=1)  # minus infinity when there is only one tooth
    inside -= first[:, None]
    inside[every, owner] = first - second
    np.clip(inside, -8, 8, out=inside)
    return ahead


def sort_by_owner(
    owner: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Sorts pixels (k,) by owner: their order, the owners present, and where each owner's begin.

    Owners must be below 32,768: 16-bit keys are sorted ten times as fast as 64-bit ones.

    >>> [part.tolist() for part in sort_by_owner(np.array([2, 0, 2]))]
    [[1, 0, 2], [0, 2], [0, 1]]
    """
    order = np.argsort(owner.astype(np.int16), kind="stable")
    counts = np.bincount(owner)
    present = np.flatnonzero(counts)
    return order, present, np.cumsum(counts[present]) - counts[present]


def _boxes(
    pixels: npt.NDArray[np.int64], owner: npt.NDArray[np.int64], count: int, width: int
) -> npt.NDArray[np.int64]:
    """Boxes (n, 4) of each owner's pixels as top, left, bottom, right; 0 for owners without any."""
    order, present, starts = sort_by_owner(owner)
    row, col = np.divmod(pixels[order], width)
    boxes = np.zeros((count, 4), np.int64)
    if len(present):
        for side, (values, extreme) in enumerate(
            ((row, np.minimum), (col, np.minimum), (row + 1, np.maximum), (col + 1, np.maximum))
        ):
            boxes[present, side] = extreme.reduceat(values, starts)
    return boxes
