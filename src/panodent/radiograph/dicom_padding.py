"""Pixels of a DICOM radiograph that show nothing of the patient: its frame, marks, dead pixels.

They are declared (PixelPaddingValue, PixelPaddingRangeLimit; DICOM PS3.3 C.7.5.1.1.2), or have
extreme values, few different ones, far from all others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import BoolArray, Int64Array

MIN_IMAGE = 0.02
"""Least share of the pixels that must remain; else a declared padding is not believed."""
MIN_GAP, MIN_STEPS = 0.25, 8
"""Distance of extreme values from all others, as a share of the others' range, and as a number."""
MIN_VALUES = 16
"""Different values that the rest must have: fewer are a drawing, of which all values count."""
MAX_VALUES, MAX_NUMBER = 0.25, 63
"""Different values that such extremes may have, as a share of the others' number, and as a number:
more may be negative values that the header calls unsigned."""


def padding_values(
    raw: npt.NDArray[Any], values: Int64Array, counts: Int64Array, dataset: Any
) -> tuple[BoolArray, tuple[str, ...]]:
    """(which of the values are padding, notes).

    raw : the pixels (H, W), as the file has them.
    values, counts : the different values of `raw`, ascending, and how many pixels have each.
    """
    found, notes = _declared(values, counts, dataset, raw.dtype)
    more = True
    while more:
        more = False
        for upper in (True, False):
            kept = np.flatnonzero(~found)
            number = _far(values[kept], counts[kept], MIN_IMAGE * raw.size, upper)
            # Values from the highest one on, that the header calls signed, are no padding.
            overflow = raw.dtype.kind == "i" and values[kept[-1]] == np.iinfo(raw.dtype).max
            if number and (upper or number == 1 or not overflow):
                group = kept[-number:] if upper else kept[:number]
                found[group] = more = True
                notes += (
                    f"{_named(values[group])} far from all others: left out of the grey range",
                )
    return found, notes


def _far(values: Int64Array, counts: Int64Array, least: float, upper: bool) -> int:
    """How many values at the upper or lower end are far from all others, which are many.

    least : pixels that must have the other values.
    """
    if not upper:
        values, counts = -values[::-1], counts[::-1]
    others = np.arange(1, len(values))
    gaps, far = np.diff(values), len(values) - others
    cuts = (
        (gaps > np.maximum(MIN_GAP * (values[:-1] - values[0]), MIN_STEPS))
        & (gaps > values[-1] - values[1:])
        & (others >= MIN_VALUES)
        & (far <= np.minimum(MAX_VALUES * others, MAX_NUMBER))
        & (np.cumsum(counts)[:-1] >= least)
    )
    found = np.flatnonzero(cuts)
    return int(far[found[0]]) if len(found) else 0


def _named(values: Int64Array) -> str:
    low, high = int(values[0]), int(values[-1])
    return f"the value {low} is" if low == high else f"the values {low} to {high} are"


def _declared(
    values: Int64Array, counts: Int64Array, dataset: Any, dtype: np.dtype[Any]
) -> tuple[BoolArray, tuple[str, ...]]:
    nothing = np.zeros(len(values), bool)
    first = _number(dataset.get("PixelPaddingValue"), dtype)
    if first is None:
        return nothing, ()
    last = _number(dataset.get("PixelPaddingRangeLimit"), dtype)
    notes: tuple[str, ...] = ()
    for low, high in ((first, first if last is None else last), (first, first)):
        low, high = sorted((low, high))
        found = (values >= low) & (values <= high)
        left = ~found
        if not found.any():
            continue
        if counts[left].sum() >= MIN_IMAGE * counts.sum() and np.count_nonzero(left) > 1:
            what = f"{low}" if low == high else f"{low} to {high}"
            return found, (f"padding ({what}) was left out of the grey range",)
        notes = ("its padding value would leave out nearly all pixels and was ignored",)
    return nothing, notes


def _number(value: Any, dtype: np.dtype[Any]) -> int | None:
    """A declared value in the type of the pixels: its sign in the header is often wrong."""
    if isinstance(value, bytes) and len(value) == 2:
        value = int.from_bytes(value, "little")
    if not isinstance(value, int):
        return None
    bits = dtype.itemsize * 8
    cut = value % 2**bits
    return cut - 2**bits if dtype.kind == "i" and cut >= 2 ** (bits - 1) else cut


def outside(mask: BoolArray) -> BoolArray:
    """The parts of a mask (H, W) that touch the edge of the picture.

    >>> outside(np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], bool)).astype(int)
    array([[1, 0, 0, 0],
           [0, 0, 0, 0],
           [0, 0, 0, 0]])
    """
    import cv2

    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    touches = np.zeros(labels.max() + 1, bool)
    touches[edge] = True
    touches[0] = False
    found: BoolArray = touches[labels]
    return found
