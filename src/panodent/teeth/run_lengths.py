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
    counts = [_counts_of_crop(mask, box, size) for mask, box in zip(masks, boxes, strict=True)]
    lengths = np.array([len(one) for one in counts])
    ends = np.cumsum(lengths)
    plain = np.concatenate(counts)
    place = np.arange(len(plain)) - np.repeat(ends - lengths, lengths)
    values = np.where(place >= 3, plain - np.roll(plain, 2), plain)
    # One row a value: groups of five bits, as many as the largest value and its sign need.
    most = int(np.abs(values).max()).bit_length() // 5 + 1
    shifts = np.arange(0, 5 * most, 5)
    groups = (values[:, None] >> shifts) & 0x1F
    left = values[:, None] >> (shifts + 5)
    last = np.where(groups & 0x10, left == -1, left == 0).argmax(axis=1)
    columns = np.arange(most)
    groups |= np.where(columns < last[:, None], 0x20, 0)
    text = (groups[columns <= last[:, None]] + 48).astype(np.uint8).tobytes().decode("ascii")
    stops = np.cumsum(last + 1)[ends - 1].tolist()
    return [text[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]


def _counts_of_crop(
    mask: BoolArray, box: Sequence[int], size: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """Run lengths of the whole image, computed from the columns of the box only."""
    top, left = int(box[0]), int(box[1])
    rows, columns = mask.shape
    # A row without pixels below the mask ends the runs of each column; none is needed where a run
    # may go on in the next column.
    height = min(rows + 1, size[0])
    padded = np.zeros((columns, height), bool)
    padded[:, :rows] = mask.T
    flat = padded.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    before = [0] if flat[0] else []
    after = [flat.size] if flat[-1] else []
    column, row = np.divmod(np.concatenate([before, changes, after]).astype(np.int64), height)
    places = (left + column) * size[0] + row + top
    whole = size[0] * size[1]
    edges = np.concatenate([[0], places[places < whole], [whole]])
    return np.diff(edges)


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
