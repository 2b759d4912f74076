"""Pixels of a DICOM radiograph that fill its frame and show nothing of the patient.

They are declared (PixelPaddingValue, PixelPaddingRangeLimit; DICOM PS3.3 C.7.5.1.1.2), or an
extreme value, far from all others, fills an edge of the picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import BoolArray, Int64Array

MIN_IMAGE = 0.02
"""Least share of the pixels that must remain; else a declared padding is not believed."""
MIN_EDGE = 0.5
"""Share of one edge that an extreme value fills if it is padding."""
MIN_GAP, MIN_STEPS = 0.25, 8
"""Distance of such a value from all others, as a share of their range, and as a number."""

MIN_VALUES = 16
"""Different values that the rest must have: fewer are a drawing, of which all values count."""


def padding_values(
    raw: npt.NDArray[Any], values: Int64Array, counts: Int64Array, dataset: Any
) -> tuple[BoolArray, tuple[str, ...]]:
    """(which of the values are padding, notes).

    raw : the pixels (H, W), as the file has them.
    values, counts : the different values of `raw`, ascending, and how many pixels have each.
    """
    found, notes = _declared(values, counts, dataset, raw.dtype)
    for at in (-1, 0):
        kept = np.flatnonzero(~found)
        value, others = values[kept[at]], np.delete(values[kept], at)
        if len(others) < MIN_VALUES or counts[kept].sum() - counts[kept[at]] < MIN_IMAGE * raw.size:
            continue
        gap = abs(int(value) - int(others[at]))
        far = gap > max(MIN_GAP * (others[-1] - others[0]), MIN_STEPS)
        if far and _fills_an_edge(raw == value):
            found[kept[at]] = True
            notes += (f"the value {value} fills an edge: taken for padding, not for the patient",)
    return found, notes


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


def _fills_an_edge(mask: BoolArray) -> bool:
    edges = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    return max(float(edge.mean()) for edge in edges) >= MIN_EDGE


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
