"""Cuts an appliance between the teeth that carry it: brackets and bands, and the wire between.

The network's regions of appliances are often a whole arch: bands on molars, brackets, and the wire
that joins them. What a wire's width fits into is bracket or band, and belongs to the tooth there.
The rest is wire, and belongs to no tooth.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panodent.teeth.findings import NOWHERE
from panodent.utils.arrays import BoolArray
from panodent.utils.percentiles import median

WIRE = 0.012
"""What is nowhere thicker than this share of the height is wire."""
LEAST_BRACKET = 8e-5
"""Smallest thick part of a bracket, as a share of the plane's area."""
LEAST_WIRE = 0.15
"""A wire between brackets is an object from this share of the width on; less of it belongs to the
brackets."""


def cut_appliance(
    region: BoolArray, numbers: npt.NDArray[np.int16], plane: tuple[int, int]
) -> list[tuple[int, BoolArray]]:
    """The parts of an appliance's region (r, c), each with its tooth's number, 0 for a wire.

    numbers : int16 (r, c), the tooth or position at each pixel.
    plane : (h, w), size of the plane from which the region was cut.
    """
    import cv2

    side = max(round(WIRE * plane[0]), 2) + 1
    thick = _opened(region, side)
    if not thick.any():
        return [(NOWHERE, region)]
    counts = np.bincount(numbers[thick])
    most = int(counts.argmax())
    large = np.flatnonzero(counts >= LEAST_BRACKET * plane[0] * plane[1])
    large = large[large != NOWHERE]
    if not len(large):
        return [(most, region)]
    cores = thick & np.isin(numbers, large)
    column = np.ones((side, 1), np.uint8)
    brackets = region & (cv2.dilate(cores.astype(np.uint8), column) > 0)
    rest = region & ~brackets
    cols = np.flatnonzero(rest.any(axis=0))
    wire = len(large) > 1 and len(cols) > 0 and np.ptp(cols) >= LEAST_WIRE * plane[1]
    owner = nearest(cores, numbers)
    parts = [(int(number), (brackets if wire else region) & (owner == number)) for number in large]
    return [*parts, (NOWHERE, rest | region & _line(rest))] if wire else parts


def nearest(seeds: BoolArray, numbers: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """int16 (h, w): the number at the seed (h, w) that is nearest to each pixel."""
    import cv2

    _, labels = cv2.distanceTransformWithLabels(
        (~seeds).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    at = np.zeros(int(labels.max()) + 1, np.int16)
    at[labels[seeds]] = numbers[seeds]
    return at[labels]


def _opened(region: BoolArray, side: int) -> BoolArray:
    """What a square of this side fits into."""
    import cv2

    padded = np.pad(region, side).astype(np.uint8)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    return opened[side:-side, side:-side] > 0


def _line(wire: BoolArray) -> BoolArray:
    """A line (h, w) through the pieces of a wire, and straight on between them."""
    cols = np.flatnonzero(wire.any(axis=0))
    heights = wire[:, cols].sum(axis=0)
    rows = np.arange(wire.shape[0])[:, None]
    middle = (wire[:, cols] * rows).sum(axis=0) / heights
    every = np.arange(cols[0], cols[-1] + 1)
    line = np.zeros(wire.shape, bool)
    line[:, every] = (
        np.abs(rows - np.interp(every, cols, middle)) <= max(float(median(heights)), 2) / 2
    )
    return line
