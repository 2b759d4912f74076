"""Masks as run lengths: COCO's lists of counts and its compressed text.

The pixels of a mask (height, width) are taken column by column; the counts are the lengths of the
runs of equal pixels, false ones first. The compressed text stores each count as a difference in
groups of six bits, see `to_rle`.

Reference: `rleToString` and `rleFrString` in https://github.com/cocodataset/cocoapi
(common/maskApi.c).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panodent.errors import AnnotationError
from panodent.utils.arrays import BoolArray


def to_counts(mask: BoolArray) -> list[int]:
    """Run lengths of a mask (height, width).

    >>> to_counts(np.array([[0, 1], [1, 1]], bool))
    [1, 3]
    """
    flat = np.asarray(mask, bool).ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    start = [0, 0] if flat.size and flat[0] else [0]
    edges = np.concatenate([start, changes, [flat.size]])
    return np.diff(edges).tolist()


def from_counts(counts: Sequence[int], size: tuple[int, int]) -> BoolArray:
    """The mask (height, width) of these run lengths.

    Raises `AnnotationError` if they are not whole numbers, or do not add up to the pixels of an
    image of this size.

    >>> from_counts([1, 3], (2, 2)).astype(int).tolist()
    [[0, 1], [1, 1]]
    """
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
    """COCO's compressed run-length text of a mask.

    Parameters
    ----------
    mask : (height, width) of the whole image, or of `box`.
    box : (top, left, bottom, right) of a cropped mask in the image, half open.
    size : (height, width) of the image; goes with `box`.

    From the fourth count on, the text holds the difference to the count before the last one. A
    number is cut into groups of five bits, low bits first. A sixth bit says that more groups
    follow; each group plus 48 is one character.

    >>> to_rle(np.array([[0, 1], [1, 1]], bool))
    '13'
    """
    counts = to_counts(mask) if box is None or size is None else _counts_of_crop(mask, box, size)
    values = np.array(counts, np.int64)
    values[3:] -= values[1:-2].copy()
    # One row a value: groups of five bits, as many as the largest value and its sign need.
    most = int(np.abs(values).max()).bit_length() // 5 + 1
    shifts = np.arange(0, 5 * most, 5)
    groups = (values[:, None] >> shifts) & 0x1F
    left = values[:, None] >> (shifts + 5)
    ends = np.where(groups & 0x10, left == -1, left == 0)
    last = ends.argmax(axis=1)
    groups |= np.where(np.arange(most) < last[:, None], 0x20, 0)
    kept = groups[np.arange(most) <= last[:, None]]
    return (kept + 48).astype(np.uint8).tobytes().decode("ascii")


def _counts_of_crop(mask: BoolArray, box: Sequence[int], size: tuple[int, int]) -> list[int]:
    """Run lengths of the whole image, computed from the columns of the box only."""
    top, left, _, right = (int(value) for value in box)
    rows, columns = mask.shape
    if rows == size[0]:  # a run may go on in the next column
        counts = to_counts(mask)
    else:
        # A row without pixels below the mask ends the runs of each column.
        padded = np.zeros((columns, rows + 1), bool)
        padded[:, :rows] = mask.T
        flat = padded.ravel()
        changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        column, row = np.divmod(changes, rows + 1)
        places = column * size[0] + row + top
        start = [0, top] if flat[0] else [0]
        end = columns * size[0]
        edges = np.concatenate([start, places[places < end], [end]])
        counts = np.diff(edges).tolist()
    counts[0] += left * size[0]
    rest = (size[1] - right) * size[0]
    if rest and len(counts) % 2:
        counts[-1] += rest
    elif rest:
        counts.append(rest)
    return counts


def from_rle(text: str | bytes, size: tuple[int, int]) -> BoolArray:
    """The mask (height, width) of COCO's compressed run-length text.

    Raises `AnnotationError` if the text is damaged or describes an image of another size.

    >>> from_rle("13", (2, 2)).astype(int).tolist()
    [[0, 1], [1, 1]]
    """
    counts: list[int] = []
    value = shift = 0
    for char in text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text:
        group = char - 48
        if not 0 <= group < 64 or shift > 60:
            raise AnnotationError(
                "run-length text holds characters that are not in COCO's encoding ('0' to 'o')"
            )
        value |= (group & 0x1F) << shift
        shift += 5
        if not group & 0x20:
            if group & 0x10:
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    if shift:
        raise AnnotationError("run-length text ends in the middle of a number; it was cut off")
    return from_counts(counts, size)
