"""Binary masks in the forms that files use: boxes, run lengths (COCO) and outlines.

Outlines run along pixel edges, so coordinates are pixel corners: pixel (row r, column c) covers
x from c to c + 1 and y from r to r + 1, and an outline without tolerance fills back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.errors import AnnotationError
from panodent.utils.arrays import BoolArray

Ring = npt.NDArray[np.float64]
"""(k, 2) corners (x, y) of a closed line, the first not repeated."""
Part = list[Ring]
"""One connected region: its outer ring, then the rings of its holes."""


def bounding_box(mask: BoolArray) -> tuple[int, int, int, int] | None:
    """(top, left, bottom, right), half open, of the true pixels; None where there are none."""
    rows = np.flatnonzero(mask.any(axis=1)) if mask.size else np.empty(0, int)
    if rows.size == 0:
        return None
    cols = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1


# --- run lengths, as COCO counts them: column by column, starting with a run of zeros -----------


def to_counts(mask: BoolArray) -> list[int]:
    """Run lengths of a mask (height, width)."""
    flat = np.asarray(mask, bool).ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    start = [0, 0] if flat.size and flat[0] else [0]
    edges = np.concatenate([start, changes, [flat.size]])
    return np.diff(edges).tolist()


def from_counts(counts: Sequence[int], size: tuple[int, int]) -> BoolArray:
    """The mask (height, width) of these runs; raises `AnnotationError` if they do not fit."""
    try:
        runs = [int(count) for count in counts]
        whole = runs == list(counts)
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole:
        raise AnnotationError("run lengths are not a list of whole numbers")
    if any(count < 0 for count in runs):
        raise AnnotationError(f"run length {min(runs)} is negative")
    if sum(runs) != size[0] * size[1]:
        raise AnnotationError(
            f"run lengths add up to {sum(runs)}; the image of size {tuple(size)} "
            f"has {size[0] * size[1]} pixels"
        )
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(size, order="F")


def to_rle(
    mask: BoolArray, box: Sequence[int] | None = None, size: tuple[int, int] | None = None
) -> str:
    """COCO's compressed run-length text of a mask, or of a crop at `box` of an image of `size`.

    Source: ``rleToString`` of the COCO API: differences to the run before last, six-bit groups.
    """
    counts = to_counts(mask) if box is None or size is None else _counts_of_crop(mask, box, size)
    values = np.array(counts, np.int64)
    values[3:] -= values[1:-2].copy()
    # Groups of five bits, low ones first, as far as the sign needs them; one row a value.
    shifts = np.arange(0, 5 * _MOST_GROUPS, 5)
    groups = (values[:, None] >> shifts) & 0x1F
    left = values[:, None] >> (shifts + 5)
    ends = np.where(groups & 0x10, left == -1, left == 0)
    last = ends.argmax(axis=1)
    groups |= np.where(np.arange(_MOST_GROUPS) < last[:, None], 0x20, 0)
    kept = groups[np.arange(_MOST_GROUPS) <= last[:, None]]
    return (kept + 48).astype(np.uint8).tobytes().decode("ascii")


def _counts_of_crop(mask: BoolArray, box: Sequence[int], size: tuple[int, int]) -> list[int]:
    """Run lengths of the whole image, without making it."""
    top, left, _, right = (int(value) for value in box)
    columns = np.zeros((right - left, size[0]), bool)
    columns[:, top : top + mask.shape[0]] = mask.T
    counts = to_counts(columns.T)
    counts[0] += left * size[0]
    rest = (size[1] - right) * size[0]
    if rest and len(counts) % 2:
        counts[-1] += rest
    elif rest:
        counts.append(rest)
    return counts


def from_rle(text: str | bytes, size: tuple[int, int]) -> BoolArray:
    """The mask (height, width) of COCO's compressed run-length text; raises `AnnotationError`."""
    counts: list[int] = []
    value = shift = 0
    for char in text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text:
        group = char - 48
        if not 0 <= group < 64 or shift > 60:
            raise AnnotationError("run-length text holds characters that COCO's encoding lacks")
        value |= (group & 0x1F) << shift
        shift += 5
        if not group & 0x20:
            if group & 0x10:
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    if shift:
        raise AnnotationError("run-length text ends in the middle of a number")
    return from_counts(counts, size)


# --- outlines ----------------------------------------------------------------------------------

_MOST_GROUPS = 8  # of five bits: runs of up to 2**39 pixels
_FARTHEST = 1e9  # pixels; beyond it is damage, and arithmetic would overflow


def to_parts(
    mask: BoolArray, tolerance: float = 0.0, offset: tuple[int, int] = (0, 0)
) -> list[Part]:
    """Outlines of a mask: a part for each 4-connected region, its holes after its outer ring.

    `tolerance` is how far, in pixels, the line may leave the pixel edges (Douglas-Peucker);
    0 gives outlines that fill back to exactly the same mask. `offset` (row, column) is added.
    """
    shift = np.array([offset[1], offset[0]], np.float64)
    parts = []
    for rings in _regions(np.ascontiguousarray(mask, np.uint8)):
        rings.sort(key=lambda ring: -abs(_signed_area(ring)))
        if tolerance > 0:
            rings = [_simplified(ring, tolerance) for ring in rings]
        parts.append([ring + shift for ring in rings])
    return parts


def _regions(image: npt.NDArray[np.uint8]) -> list[list[Ring]]:
    """The rings of each 4-connected region, which most often is the only one."""
    import cv2

    rings = _trace(image)
    if sum(_signed_area(ring) > 0 for ring in rings) < 2:  # holes turn the other way
        return [rings] if rings else []
    count, regions = cv2.connectedComponents(image, connectivity=4)
    return [_trace((regions == region).view(np.uint8)) for region in range(1, count)]


def _simplified(ring: Ring, tolerance: float) -> Ring:
    import cv2

    line = cv2.approxPolyDP(ring.astype(np.float32).reshape(-1, 1, 2), tolerance, True)
    # What is smaller than the tolerance would shrink to a line: it stays as it is.
    return line.reshape(-1, 2).astype(np.float64) if len(line) >= 3 else ring


def _signed_area(ring: Ring) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _trace(mask: npt.NDArray[np.uint8]) -> list[Ring]:
    """Closed lines along the pixel edges of one region (1), foreground on the right hand."""
    padded = np.pad(mask.view(np.int8), 1)
    # Straight stretches (from, to, heading), corners counted through; headings: north 0 to west 3.
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
    # Where two stretches leave, turning right keeps regions that touch at a corner apart.
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
    """(line, first, end, value) of every run of equal values other than 0 along the rows."""
    # Row after row with a zero between, so that no run goes on in the next row.
    flat = np.pad(steps, ((0, 0), (1, 1))).ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    values = flat[changes]
    starts = np.flatnonzero(values)  # a run that is not zero ends at the next change
    line, first = np.divmod(changes[starts], steps.shape[1] + 2)
    end = changes[starts + 1] - line * (steps.shape[1] + 2)
    return line, first - 1, end - 1, values[starts].astype(np.int64)


def fill(parts: Sequence[Sequence[npt.ArrayLike]], size: tuple[int, int]) -> BoolArray:
    """The mask (height, width) of all pixels whose centre lies in one of the parts.

    Within a part the even-odd rule makes holes; parts that overlap are joined. What leaves the
    image is cut off. Raises `AnnotationError` for rings that are no list of (x, y).
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
        raise AnnotationError(f"outline is no list of numbers; {expected}") from None
    if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3:
        raise AnnotationError(f"outline of shape {ring.shape}; {expected}")
    if not (np.abs(ring) < _FARTHEST).all():
        raise AnnotationError(f"outline reaches {np.abs(ring).max()}; {expected}")
    return ring


def _fill_even_odd(rings: Sequence[npt.ArrayLike], size: tuple[int, int]) -> BoolArray:
    toggles = np.zeros((size[0], size[1] + 1), bool)
    for item in rings:
        ring = _ring(item)
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            if y0 == y1:
                continue
            # Rows whose centre line y + 0.5 the edge crosses; the lower end belongs to it.
            low, high = sorted((y0, y1))
            rows = np.arange(
                max(int(np.ceil(low - 0.5)), 0), min(int(np.ceil(high - 0.5)), size[0])
            )
            x = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            cols = np.clip(np.ceil(x - 0.5), 0, size[1]).astype(np.int64)
            toggles[rows, cols] ^= True
    return np.logical_xor.accumulate(toggles, axis=1)[:, :-1]
