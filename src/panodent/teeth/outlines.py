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
    return to_parts_of_many([mask], [offset], tolerance)[0]


def to_parts_of_many(
    masks: Sequence[BoolArray], offsets: Sequence[tuple[int, int]], tolerance: float = 0.0
) -> list[list[Part]]:
    """What `to_parts` gives for each mask and its offset, in less time for many."""
    images = [np.ascontiguousarray(mask, np.uint8) for mask in masks]
    found = []
    for image, simple, offset in zip(images, _simple_rings(images), offsets, strict=True):
        parts = _regions(image) if simple is None else [[simple]]
        for rings in parts:
            if len(rings) > 1:
                rings.sort(key=lambda ring: -abs(_signed_area(ring)))
            if tolerance > 0:
                rings[:] = [_simplified(ring, tolerance) for ring in rings]
            for ring in rings:
                np.add(ring, offset[::-1], out=ring)
        found.append(parts)
    return found


def _regions(image: npt.NDArray[np.uint8]) -> list[list[Ring]]:
    """The rings of each 4-connected region of a mask of 0 and 1."""
    import cv2

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


def _simple_rings(images: Sequence[npt.NDArray[np.uint8]]) -> list[Ring | None]:
    """What `_trace` gives for each mask of one region without holes, faster for many.

    None for other masks, and where the region touches itself at a corner.
    """
    import cv2

    found = [cv2.findContours(i, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0] for i in images]
    single = [i for i, lines in enumerate(found) if len(lines) == 1 and len(lines[0]) > 1]
    rings: list[Ring | None] = [None] * len(images)
    if not single:
        return rings
    x, y, stops = _corners([found[i][0][:, 0] for i in single])
    starts = np.append(0, stops[:-1])
    lengths = stops - starts
    # A ring begins with its first corner row by row; one that has a corner twice touches itself.
    keys = np.repeat(np.arange(len(single), dtype=np.int64), lengths)
    for axis in (y, x):
        keys = keys * (int(axis.max()) + 1) + axis
    ranked = np.sort(keys)
    first = np.flatnonzero(keys == np.repeat(ranked[starts], lengths)).tolist()
    twice = np.flatnonzero(ranked[1:] == ranked[:-1])
    touching = set(np.searchsorted(stops, twice, side="right").tolist())
    points = np.empty((len(keys), 2))
    points[:, 0], points[:, 1] = x, y
    for place, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        if place not in touching:
            at = first[place]
            rings[single[place]] = np.concatenate([points[at:stop], points[start:at]])
    return rings


def _corners(
    lines: Sequence[npt.NDArray[np.int32]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """x and y of the corners along lines of pixels (n, 2), and where those of each line end.

    The lines are those of OpenCV. They lead down from the first pixel, row by row; the corners of
    each line lie clockwise.
    """
    # Every line is closed by its first two pixels, so that each pixel has one before and after it.
    closed = [piece for line in reversed(lines) for piece in (line, line[:2])]
    x, y = np.ascontiguousarray(np.concatenate(closed)[::-1].T)
    stops = np.cumsum([len(line) + 2 for line in lines])
    places = 3 * y + x
    steps = places[1:] - places[:-1]
    turns = 9 * steps[:-1] + steps[1:]
    turns[stops[:-1] - 2] = turns[stops[:-1] - 1] = _STRAIGHT_ON  # from one line to the next one
    numbers = _CORNERS[turns]
    ends = np.cumsum(numbers)
    pixel = np.repeat(np.arange(len(turns)), numbers)
    corner = 4 * turns[pixel] + np.arange(len(pixel)) - (ends - numbers)[pixel]
    return x[pixel + 1] + _CORNER_X[corner], y[pixel + 1] + _CORNER_Y[corner], ends[stops - 3]


def _corner_tables() -> npt.NDArray[np.int64]:
    """The corners of a pixel at which the line around a region turns.

    By the steps to the pixel and from it to the next one: 9 times the first plus the second, where
    a step is 3 times its y plus its x, -4 to 4. Negative ones count from the end. (81, 9): how many
    corners, the x of up to four, and their y. Headings are 0 east, 1 south-east and so on
    clockwise; the region is on the right.
    """
    # Where the north, east, south and west side of a pixel begin, clockwise.
    starts = ((0, 0), (1, 0), (1, 1), (0, 1))
    table = np.zeros((81, 9), np.int64)
    for before, step in enumerate(_STEPS):
        for after, following in enumerate(_STEPS):
            side, last = before // 2, (after + 1) // 2 % 4
            found = [starts[side]] if before % 2 else []
            found += [starts[(side + i + 1) % 4] for i in range((last - side) % 4)]
            row = table[9 * step + following]
            row[0] = len(found)
            row[1 : 1 + len(found)], row[5 : 5 + len(found)] = np.reshape(found, (-1, 2)).T
    return table


_STEPS = (1, 4, 3, 2, -1, -4, -3, -2)
"""The step of each heading, see `_corner_tables`."""
_STRAIGHT_ON = 10
"""Two steps to the east, which have no corner."""
_CORNERS = _corner_tables()[:, 0].copy()
_CORNER_X, _CORNER_Y = (_corner_tables()[:, at : at + 4].ravel() for at in (1, 5))


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
