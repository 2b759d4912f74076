"""Distances between the outlines of two masks: HD95 and NSD, in crops.

Definitions are those of DeepMind's surface-distance (https://github.com/google-deepmind/
surface-distance), for two dimensions and square pixels: outline points lie at pixel corners, each
stands for the length of outline around it, and distances are weighted by that length. That
package's one release calls names that NumPy 2 and SciPy have removed, so it is not used here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import BoolArray, Float64Array

PERCENTILE = 95.0
_DIAGONAL = 0.5 * np.sqrt(2.0)
# Length of the outline at a corner by its four pixels: 8 upper left, 4 upper right, 2 lower left,
# 1 lower right. All out and all in are no outline.
_LENGTHS = np.full(16, _DIAGONAL)
_LENGTHS[[0, 15]] = 0.0
_LENGTHS[[0b0011, 0b1100, 0b0101, 0b1010]] = 1.0
_LENGTHS[[0b0110, 0b1001]] = 2 * _DIAGONAL


class SurfaceDistance(NamedTuple):
    """How far two outlines lie apart.

    `hd95` is the larger of the two directed 95th percentiles of distance, in pixels; `nsd` the
    share, 0 to 1, of both outlines that lies within the tolerance of the other.
    """

    hd95: float
    nsd: float


def surface_distance(
    first: tuple[npt.ArrayLike, BoolArray],
    second: tuple[npt.ArrayLike, BoolArray],
    tolerance: float,
) -> SurfaceDistance:
    """Compares two masks, neither empty, each a (top, left, bottom, right) box and its crop.

    `tolerance` is in pixels; a distance equal to it is within.
    """
    boxes = np.array([first[0], second[0]], np.int64)
    top, left = boxes[:, :2].min(axis=0)
    bottom, right = boxes[:, 2:].max(axis=0)
    shape = (int(bottom - top), int(right - left))
    outlines = [
        _outline(mask, (int(box[0] - top), int(box[1] - left)), shape)
        for box, mask in zip(boxes, (first[1], second[1]), strict=True)
    ]
    reach = [_directed(outlines[0], outlines[1]), _directed(outlines[1], outlines[0])]
    within = sum(float(lengths[distances <= tolerance].sum()) for distances, lengths in reach)
    total = sum(float(lengths.sum()) for _, lengths in reach)
    return SurfaceDistance(max(_percentile(*directed) for directed in reach), within / total)


def _outline(
    mask: BoolArray, corner: tuple[int, int], shape: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """(h + 1, w + 1) codes of the pixel corners, 0..15, of a crop put at `corner` of `shape`."""
    padded = np.zeros((shape[0] + 2, shape[1] + 2), np.uint8)
    row, col = corner[0] + 1, corner[1] + 1
    padded[row : row + mask.shape[0], col : col + mask.shape[1]] = mask
    return (
        8 * padded[:-1, :-1] + 4 * padded[:-1, 1:] + 2 * padded[1:, :-1] + padded[1:, 1:]
    ).astype(np.uint8)


def _directed(
    origin: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8]
) -> tuple[Float64Array, Float64Array]:
    """Distance from each outline point of `origin` to the nearest of `target`, and its length."""
    import cv2

    away = ((target == 0) | (target == 15)).astype(np.uint8)
    distances = cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    points = (origin != 0) & (origin != 15)
    return distances[points].astype(np.float64), _LENGTHS[origin[points]]


def _percentile(distances: Float64Array, lengths: Float64Array) -> float:
    """The distance that `PERCENTILE` per cent of the outline's length does not exceed."""
    order = np.argsort(distances, kind="stable")
    covered = np.cumsum(lengths[order]) / lengths.sum()
    place = int(np.searchsorted(covered, PERCENTILE / 100))
    return float(distances[order][min(place, len(order) - 1)])
