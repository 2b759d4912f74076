"""Distances between the outlines of two masks: HD95 and normalised surface Dice (NSD).

Definitions are those of DeepMind's surface-distance (https://github.com/google-deepmind/
surface-distance), for two dimensions and square pixels: points of an outline lie at pixel corners,
each has a weight, the length of outline around it, and distances are weighted by it. The only
release of that package calls names that NumPy 2 and SciPy have removed, so it is not used here.

Sources: Nikolov et al. 2021 (NSD), https://doi.org/10.2196/26151; Maier-Hein et al. 2024 (which
metric when), https://doi.org/10.1038/s41592-023-02151-z.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import BoolArray, Float64Array

PERCENTILE = 95.0
_DIAGONAL = 0.5 * np.sqrt(2.0)
# Length of the outline at a pixel corner by the sum of its four pixels inside the mask: 8 upper
# left, 4 upper right, 2 lower left, 1 lower right. A corner with none or all four inside is on no
# outline.
_LENGTHS = np.full(16, _DIAGONAL)
_LENGTHS[[0, 15]] = 0.0
_LENGTHS[[0b0011, 0b1100, 0b0101, 0b1010]] = 1.0
_LENGTHS[[0b0110, 0b1001]] = 2 * _DIAGONAL


class SurfaceDistance(NamedTuple):
    """Distance between two outlines.

    Attributes
    ----------
    hd95 : 95th percentile of the distance to the other outline, in pixels; the larger of the two
        directions.
    nsd : share, 0 to 1, of both outlines that lies within the tolerance of the other outline.
    """

    hd95: float
    nsd: float


def surface_distance(
    first: tuple[npt.ArrayLike, BoolArray],
    second: tuple[npt.ArrayLike, BoolArray],
    tolerance: float,
) -> SurfaceDistance:
    """Distance between the outlines of two masks.

    Each mask is a box (top, left, bottom, right) in pixels, half open, and a bool array of exactly
    that size with at least one pixel inside. `tolerance` is in pixels; a distance equal to it is
    within.

    >>> square = np.ones((10, 10), bool)
    >>> near = surface_distance(([0, 0, 10, 10], square), ([0, 3, 10, 13], square), 3.0)
    >>> near.nsd
    1.0
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
    """Codes of the pixel corners, 0 to 15, (h + 1, w + 1), of a mask placed in an image (h, w).

    `corner` is the (row, column) of the mask's first pixel, `shape` the image's (h, w).
    """
    padded = np.zeros((shape[0] + 2, shape[1] + 2), np.uint8)
    row, col = corner[0] + 1, corner[1] + 1
    padded[row : row + mask.shape[0], col : col + mask.shape[1]] = mask
    return (
        8 * padded[:-1, :-1] + 4 * padded[:-1, 1:] + 2 * padded[1:, :-1] + padded[1:, 1:]
    ).astype(np.uint8)


def _directed(
    origin: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8]
) -> tuple[Float64Array, Float64Array]:
    """Distance in pixels from each outline point of `origin` to `target`, and its length."""
    import cv2

    away = ((target == 0) | (target == 15)).astype(np.uint8)
    distances = cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    points = (origin != 0) & (origin != 15)
    return distances[points].astype(np.float64), _LENGTHS[origin[points]]


def _percentile(distances: Float64Array, lengths: Float64Array) -> float:
    """Smallest distance within which at least `PERCENTILE` per cent of the length lie."""
    order = np.argsort(distances, kind="stable")
    covered = np.cumsum(lengths[order]) / lengths.sum()
    place = int(np.searchsorted(covered, PERCENTILE / 100))
    return float(distances[order][min(place, len(order) - 1)])
