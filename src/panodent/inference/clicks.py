"""Clicks and a box on one tooth, and how they change its shape.

A shape is a lead: float32 (h, w), above 0 inside the tooth.

>>> lead = np.full((9, 9), -1, np.float32)
>>> lead[2:7, 1:8] = 1
>>> changed, aside = Clicks(((2.5, 4.5),), ((6.5, 4.5),), None).applied(lead)
>>> (changed > 0)[4].astype(int).tolist(), (aside > 0)[4].astype(int).tolist()
([0, 1, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1, 0])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from panodent.utils.arrays import BoolArray, Float32Array, Float64Array

Point = tuple[float, float]
Box = tuple[float, float, float, float]

STEEPNESS = 4.0
"""Lead at a click, and its fall over the distance to the edge of the shape."""
REACH = 1.15
"""Radius of the disc that a click adds or takes, as a share of its distance to the edge."""
TWO = 0.7
"""A shape is two teeth if it is this share as wide at a negative click as at the positive ones."""


@dataclass(frozen=True)
class Clicks:
    """What a person points at, in pixels counted from the upper left corner of an image.

    positive : places (x, y) on the tooth.
    negative : places (x, y) that do not belong to it.
    box : (left, top, right, bottom) around it, or None.
    """

    positive: Sequence[Point] = ()
    negative: Sequence[Point] = ()
    box: Box | None = None

    def placed(self, left: float, top: float, scale_x: float, scale_y: float) -> Clicks:
        """The same in an image whose upper left corner is (left, top), scaled by these factors."""

        def put(x: float, y: float) -> Point:
            return (x - left) * scale_x, (y - top) * scale_y

        box = None if self.box is None else (*put(*self.box[:2]), *put(*self.box[2:]))
        positive = tuple(put(*point) for point in self.positive)
        return Clicks(positive, tuple(put(*point) for point in self.negative), box)

    def applied(
        self, lead: Float32Array, least: float = 0.0
    ) -> tuple[Float32Array, Float32Array | None]:
        """The lead after the clicks, and that of what they took from the shape, if anything.

        A click outside the shape adds a disc that reaches it. A negative click inside takes such a
        disc away or, where the shape is about as wide there as at the positive clicks, all that is
        nearer to it than to them: then the shape is two teeth. Discs of a radius below `least` are
        left out.
        """
        aside = None
        for point in self.positive:
            lead = _added(lead, point, least)
        for point in self.negative:
            lead, taken = _taken(lead, point, self.positive, least)
            if taken is not None:
                aside = taken if aside is None else np.maximum(aside, taken)
        return lead, aside

    def touched(self, inside: BoolArray) -> BoolArray:
        """The connected parts of a mask that hold a positive click, or else its largest part.

        Their holes are filled, unless they hold a negative click.
        """
        import cv2

        count, parts, stats, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8))
        if count < 2:
            return inside
        held = {int(parts[pixel(point, inside.shape)]) for point in self.positive} - {0}
        kept = held or {1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())}
        mask = np.isin(parts, sorted(kept))
        outside = (~mask).view(np.uint8)
        _, holes = cv2.connectedComponents(np.pad(outside, 1, constant_values=1), connectivity=4)
        holes = holes[1:-1, 1:-1]
        open_ones = {int(holes[pixel(point, inside.shape)]) for point in self.negative}
        return mask | ((holes > 1) & ~np.isin(holes, sorted(open_ones)))


def pixel(point: Point, shape: tuple[int, ...]) -> tuple[int, int]:
    """(row, column) of the pixel of an image that holds a point (x, y), or the nearest one."""
    col, row = (int(np.clip(value, 0, shape[1 - axis] - 1)) for axis, value in enumerate(point))
    return row, col


def _added(lead: Float32Array, point: Point, least: float) -> Float32Array:
    """The lead with a disc that joins a place outside the shape to it."""
    inside = lead > 0
    at = pixel(point, lead.shape)
    if inside[at] or not inside.any():
        return lead
    radius = REACH * float(depth_of(~inside)[at])
    return lead if radius < least else np.maximum(lead, _disc(lead.shape, point, radius))


def _taken(
    lead: Float32Array, point: Point, positive: Sequence[Point], least: float
) -> tuple[Float32Array, Float32Array | None]:
    """The lead without what a negative click takes, and the lead of that; None for nothing."""
    inside = lead > 0
    at = pixel(point, lead.shape)
    if not inside[at]:
        return lead, None
    depth = depth_of(inside)
    depth_here = float(depth[at])
    right = [p for p in positive if inside[pixel(p, lead.shape)]]
    if right and depth_here >= TWO * max(float(depth[pixel(p, lead.shape)]) for p in right):
        own = np.min([_distance(lead.shape, p) for p in right], axis=0)
        apart = _distance(lead.shape, point) - own
        beyond = (-STEEPNESS / depth_here * apart).astype(np.float32)
    elif REACH * depth_here < least:
        return lead, None
    else:
        beyond = _disc(lead.shape, point, REACH * depth_here)
    return np.minimum(lead, -beyond), np.minimum(lead, beyond)


def _disc(shape: tuple[int, ...], point: Point, radius: float) -> Float32Array:
    """(h, w), above 0 inside a disc."""
    return (STEEPNESS * (1 - _distance(shape, point) / radius)).astype(np.float32)


def _distance(shape: tuple[int, ...], point: Point) -> Float64Array:
    """(h, w) distance of each pixel's centre to a point."""
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    return np.hypot(cols + 0.5 - point[0], rows + 0.5 - point[1])


def depth_of(inside: BoolArray) -> Float32Array:
    """(h, w) distance to the edge of a mask, at least 1."""
    import cv2

    padded = np.pad(inside, 1).view(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.maximum(depth[1:-1, 1:-1], 1)
