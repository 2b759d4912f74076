"""Masks as run lengths: COCO's lists of counts and its compressed text.

The pixels of a mask (height, width) are taken column by column; the counts are the lengths of the
runs of equal pixels, false ones first. The compressed text stores each count as a difference in
groups of six bits, see `to_rle`.

Reference: `rleToString` and `rleFrString` in https://github.com/cocodataset/cocoapi
(common/maskApi.c).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

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
    if box is None or size is None:
        box, size = (0, 0, *mask.shape), (mask.shape[0], mask.shape[1])
    return to_rles([mask], [box], size)[0]


def to_rles(
    masks: Sequence[BoolArray], boxes: Sequence[Sequence[int]], size: tuple[int, int]
) -> list[str]:
    """The text that `to_rle` gives for each cropped mask and its box, in less time for many."""
    if not masks:
        return []
    starts = [_starts_of_runs(mask, box, size) for mask, box in zip(masks, boxes, strict=True)]
    lengths = np.array([len(one) for one in starts])
    ends = np.cumsum(lengths)
    # As of one image behind the other, so that the last run of one ends where the next one starts.
    images = np.arange(len(masks) + 1, dtype=np.int64) * (size[0] * size[1])
    places = np.append(np.concatenate(starts) + np.repeat(images[:-1], lengths), images[-1])
    counts = np.diff(places)
    place = np.arange(len(counts)) - np.repeat(ends - lengths, lengths)
    text, stops = _in_groups(np.where(place >= 3, counts - np.roll(counts, 2), counts))
    return [text[start:stop] for start, stop in pairwise([0, *stops[ends - 1].tolist()])]


def _in_groups(values: npt.NDArray[np.int64]) -> tuple[str, npt.NDArray[np.int64]]:
    """The text of some numbers, see `to_rle`, and where the groups of each number end in it."""
    magnitude = np.maximum(values, ~values)  # numbers that are not negative and need as many bits
    group = np.arange(int(magnitude.max()).bit_length() // 5 + 1)
    last = np.searchsorted(16 << 5 * group, magnitude, side="right")  # the fifth bit is the sign
    groups = (values[:, None] >> 5 * group & 0x1F).astype(np.uint8)
    groups += np.where(group < last[:, None], np.uint8(0x20 + 48), np.uint8(48))
    text = groups[group <= last[:, None]].tobytes().decode("ascii")
    return text, np.cumsum(last + 1)


def _starts_of_runs(
    mask: BoolArray, box: Sequence[int], size: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """The first pixel of each run in the whole image, counted column by column.

    The first run starts at 0; it is empty if the first pixel is true.
    """
    (top, left), (rows, columns) = box[:2], mask.shape
    # Compared row by row, as pixels lie in memory, with nothing above and below the mask.
    differs = np.empty((rows + 1, columns), bool)
    differs[0], differs[-1] = mask[0], mask[-1]
    np.not_equal(mask[1:], mask[:-1], out=differs[1:-1])
    row, column = np.divmod(np.flatnonzero(differs), columns)
    places = np.sort((left + column) * size[0] + top + row)
    if top + rows == size[0]:
        # Below the last row comes the next column, or none: there a run can go on.
        places, times = np.unique(places[places < size[0] * size[1]], return_counts=True)
        places = places[times == 1]
    return np.concatenate([[0], places])


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
