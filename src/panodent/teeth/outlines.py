"""Masks as outlines, and outlines filled to masks.

Outlines run along the edges of pixels. Coordinates are (x, y) with the origin at the upper left
corner of the image: the pixel in row r and column c covers x from c to c + 1 and y from r to r + 1.
An outline traced without tolerance fills back to exactly the same mask.

>>> mask = np.array([[0, 0, 0], [0, 1, 1]], bool)
>>> parts = to_parts(mask)
>>> sorted(map(tuple, parts[0][0].tolist()))
[(1.0, 1.0), (1.0, 2.0), (3.0, 1.0), (3.0, 2.0)]
>>> np.array_equal(fill(parts, (2, 3)), mask)
True
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.errors import AnnotationError
from panodent.utils.arrays import BoolArray

Ring = npt.NDArray[np.float64]
"""(k, 2) float: the corners (x, y) of a closed line; the first is not repeated at the end."""
Part = list[Ring]
"""One connected region: its outer ring, then the rings of its holes."""
_FARTHEST = 1e9  # pixels; larger coordinates are damage and would overflow
_EDGES = 64  # drawn at once; all those of a damaged outline could take much memory


def to_parts(
    mask: BoolArray, tolerance: float = 0.0, offset: tuple[int, int] = (0, 0)
) -> list[Part]:
    """The outlines of a mask (height, width), one part for each 4-connected region.

    Parameters
    ----------
    tolerance : how far a simplified line may lie from the pixel edges, in pixels (Douglas-Peucker).
        0 gives outlines that fill back to exactly the same mask.
    offset : (row, column) of the mask's upper left pixel, which is added to the coordinates.
    """
    shift = np.array([offset[1], offset[0]], np.float64)
    parts = []
    for rings in _regions(np.ascontiguousarray(mask, np.uint8)):
        if len(rings) > 1:
            rings.sort(key=lambda ring: -abs(_signed_area(ring)))
        if tolerance > 0:
            rings = [_simplified(ring, tolerance) for ring in rings]
        for ring in rings:
            np.add(ring, shift, out=ring)
        parts.append(rings)
    return parts


def _regions(image: npt.NDArray[np.uint8]) -> list[list[Ring]]:
    """The rings of each 4-connected region of a mask of 0 and 1."""
    import cv2

    if (simple := _simple_ring(image)) is not None:
        return [[simple]]
    rings = _trace(image)
    # Outer rings have a positive area, holes a negative one. A tooth usually has one region, and
    # then there is nothing to separate.
    if sum(_signed_area(ring) > 0 for ring in rings) < 2:
        return [rings] if rings else []
    count, regions = cv2.connectedComponents(image, connectivity=4)
    return [_trace((regions == region).view(np.uint8)) for region in range(1, count)]


def _simplified(ring: Ring, tolerance: float) -> Ring:
    import cv2

    line = cv2.approxPolyDP(ring.astype(np.float32).reshape(-1, 1, 2), tolerance, True)
    # A ring smaller than the tolerance would shrink to a line, so it is left as it is.
    return line.reshape(-1, 2).astype(np.float64) if len(line) >= 3 else ring


def _signed_area(ring: Ring) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _simple_ring(image: npt.NDArray[np.uint8]) -> Ring | None:
    """What `_trace` gives for a mask of one region without holes, in a third of the time.

    None for other masks, and where the region touches itself at a corner.
    """
    import cv2

    chains, _ = cv2.findContours(image, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if len(chains) != 1 or len(chains[0]) < 2:
        return None
    # OpenCV's line of pixels leads down from the first one, row by row; corners lie clockwise.
    x, y = chains[0][::-1, 0].T
    places = 3 * y + x
    steps = places.copy()
    steps[0] -= places[-1]
    steps[1:] -= places[:-1]
    heading = _HEADINGS[steps]
    turns = 8 * heading
    turns[:-1] += heading[1:]
    turns[-1] += heading[0]
    turning = np.flatnonzero(_HAS_CORNER[turns, 0])
    turns = turns[turning]
    there = _HAS_CORNER[turns]
    corner_x = (x[turning, None] + _CORNERS[turns, :, 0])[there]
    corner_y = (y[turning, None] + _CORNERS[turns, :, 1])[there]
    keys = corner_y * (image.shape[1] + 1) + corner_x
    ranked = np.sort(keys)
    if (ranked[1:] == ranked[:-1]).any():
        return None
    first = int(keys.argmin())
    ring = np.empty((len(keys), 2))
    for axis, corners in enumerate((corner_x, corner_y)):
        ring[: len(keys) - first, axis] = corners[first:]
        ring[len(keys) - first :, axis] = corners[:first]
    return ring


def _corner_tables() -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """The corners of a pixel at which the line around a region turns.

    By the headings of the steps to the pixel and from it to the next one, 8 times the first plus
    the second: up to four offsets (x, y), and which of them there are. Headings are 0 east, 1
    south-east and so on clockwise; the region is on the right.
    """
    # Where the north, east, south and west side of a pixel begin, clockwise.
    starts = ((0, 0), (1, 0), (1, 1), (0, 1))
    offsets, present = np.zeros((64, 4, 2), np.int32), np.zeros((64, 4), bool)
    for before in range(8):
        for after in range(8):
            side, last = before // 2, (after + 1) // 2 % 4
            found = [starts[side]] if before % 2 else []
            found += [starts[(side + i + 1) % 4] for i in range((last - side) % 4)]
            offsets[before * 8 + after, : len(found)] = np.reshape(found, (-1, 2))
            present[before * 8 + after, : len(found)] = True
    return offsets, present


_CORNERS, _HAS_CORNER = _corner_tables()
_HEADINGS = np.array([-1, 0, 3, 2, 1, 5, 6, 7, 4])
"""The heading of a step by 3 times its y plus its x, -4 to 4; negative ones count from the end."""


def _trace(mask: npt.NDArray[np.uint8]) -> list[Ring]:
    """Closed lines along the pixel edges of a mask of 0 and 1, with the ones on the right.

    The edges between 0 and 1 are collected as straight stretches, first the horizontal, then the
    vertical ones. Each stretch is then linked to the one that starts where it ends.
    """
    padded = np.pad(mask.view(np.int8), 1)
    # A stretch leads from one corner to another, both numbered row by row, with a heading:
    # 0 north, 1 east, 2 south, 3 west.
    width = mask.shape[1] + 1
    rows, low, high, below = _stretches(padded[1:, 1:-1] - padded[:-1, 1:-1])
    east = below > 0
    leaves = np.where(east, rows * width + low, rows * width + high)
    arrives = np.where(east, rows * width + high, rows * width + low)
    across = padded[1:-1, 1:] - padded[1:-1, :-1]
    cols, top, bottom, right = _stretches(across.T)
    north = right > 0
    leaves = np.append(leaves, np.where(north, bottom, top) * width + cols)
    arrives = np.append(arrives, np.where(north, top, bottom) * width + cols)
    heading = np.append(np.where(east, 1, 3), np.where(north, 0, 2))
    # Two stretches can start at one corner. Turning right keeps regions apart that touch there.
    keys = leaves * 4 + heading
    order = np.argsort(keys)
    turned = np.searchsorted(keys, arrives * 4 + (heading + 1) % 4, sorter=order)
    turned = np.minimum(turned, len(keys) - 1)
    to_right = keys[order[turned]] == arrives * 4 + (heading + 1) % 4
    left = np.searchsorted(keys, arrives * 4 + (heading + 3) % 4, sorter=order)
    following = order[np.where(to_right, turned, np.minimum(left, len(keys) - 1))].tolist()
    seen = bytearray(len(following))
    rings = []
    for first in range(len(following)):
        ring, at = [], first
        while not seen[at]:
            seen[at] = 1
            ring.append(at)
            at = following[at]
        if ring:
            corners = leaves[ring]
            rings.append(np.stack([corners % width, corners // width], axis=1).astype(np.float64))
    return rings


def _stretches(steps: npt.NDArray[np.int8]) -> tuple[npt.NDArray[np.int64], ...]:
    """(row, first, end, value) of every run of equal non-zero values along the rows."""
    # The rows are joined with zeros in between, so that no run continues in the next row.
    flat = np.pad(steps, ((0, 0), (1, 1))).ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    values = flat[changes]
    starts = np.flatnonzero(values)  # a run of non-zero values ends at the next change
    line, first = np.divmod(changes[starts], steps.shape[1] + 2)
    end = changes[starts + 1] - line * (steps.shape[1] + 2)
    return line, first - 1, end - 1, values[starts].astype(np.int64)


def fill(parts: Sequence[Sequence[npt.ArrayLike]], size: tuple[int, int]) -> BoolArray:
    """The mask (height, width) of the pixels whose centre lies inside one of the parts.

    Parameters
    ----------
    parts : each a sequence of rings of (x, y). Inside a part the even-odd rule holds, so that a
        ring inside another one is a hole; parts that overlap are joined.
    size : (height, width). What lies outside the image is cut off.

    Raises `AnnotationError` for a ring that is not a list of at least three finite points.
    """
    mask = np.zeros(size, bool)
    for part in parts:
        mask |= _fill_even_odd(part, size)
    return mask


def _ring(item: npt.ArrayLike) -> Ring:
    expected = "expected at least three finite points (x, y)"
    try:
        ring = np.asarray(item, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise AnnotationError(f"outline is not a list of numbers; {expected}") from None
    if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3:
        raise AnnotationError(f"outline of shape {ring.shape}; {expected}")
    if not (np.abs(ring) < _FARTHEST).all():
        raise AnnotationError(f"outline reaches {np.abs(ring).max()}; {expected}")
    return ring


def _fill_even_odd(rings: Sequence[npt.ArrayLike], size: tuple[int, int]) -> BoolArray:
    toggles = np.zeros((size[0], size[1] + 1), bool)
    for item in rings:
        ring = _ring(item)
        edges = np.hstack([ring, np.roll(ring, -1, axis=0)])
        edges = edges[edges[:, 1] != edges[:, 3]]
        for start in range(0, len(edges), _EDGES):
            _toggle(toggles, edges[start : start + _EDGES])
    return np.logical_xor.accumulate(toggles, axis=1)[:, :-1]


def _toggle(toggles: BoolArray, edges: npt.NDArray[np.float64]) -> None:
    """Toggles the first pixel to the right of each edge in each row that it crosses.

    edges : (n, 4) of x and y of both ends; none is horizontal.
    """
    height, width = toggles.shape[0], toggles.shape[1] - 1
    low, high = np.sort(edges[:, 1::2], axis=1).T
    # The rows whose centre line, y + 0.5, an edge crosses; its upper end counts, its lower end does
    # not, so that edges which meet count once.
    first = np.maximum(np.ceil(low - 0.5), 0).astype(np.int64)
    end = np.minimum(np.ceil(high - 0.5), height).astype(np.int64)
    counts = np.maximum(end - first, 0)
    rows = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - first, counts)
    x0, y0, x1, y1 = np.repeat(edges, counts, axis=0).T
    x = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
    cols = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
    np.logical_xor.at(toggles, (rows, cols), True)
