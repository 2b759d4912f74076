"""Checks of the arrays of a `Teeth` record, made once, when the record is created.

>>> whole("fdi", [36, 37], np.int16, (-1,))
array([36, 37], dtype=int16)
>>> whole("fdi", [36.5], np.int16, (-1,))
Traceback (most recent call last):
    ...
panodent.errors.TeethError: fdi [36.5] are not all whole numbers that fit int16
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH
from panodent.errors import TeethError

UNNUMBERED = 0
"""Used in place of an FDI number for a tooth without a number."""

Flag = str
STATES: tuple[Flag, ...] = ("remnant", "impacted", "growing", "erupted", "ordinary")
"""Flags that say what a person saw of an annotated tooth; a tooth has at most one."""
FLAGS: tuple[Flag, ...] = ("doubtful", "unnumbered", "edited", "box", "accepted", *STATES)
"""What a tooth can be marked with.

doubtful : the network is unsure of the number.
unnumbered : the network found the tooth, but could not number it.
edited : a person has changed it.
box : the mask is a filled bounding box, not an outline.
accepted : a person has confirmed it as it is; then it is not doubtful.
remnant, impacted, growing, erupted : only its root is left; it is impacted; it is a germ or still
    erupts; it has erupted.
ordinary : neither a remnant nor impacted, and nothing was said of its eruption.
"""


def whole(
    name: str, values: npt.ArrayLike, dtype: type[np.signedinteger[Any]], shape: tuple[int, ...]
) -> npt.NDArray[np.signedinteger[Any]]:
    """The values as integers of this dtype and shape; -1 in `shape` stands for any length.

    Nothing is rounded, and nothing wraps around: raises `TeethError`, which calls the array `name`.
    """
    try:
        given = np.asarray(values)
    except ValueError:
        raise TeethError(f"{name} has rows of different lengths; expected an array") from None
    if given.size == 0:
        return np.empty([max(side, 0) for side in shape], dtype)
    if given.ndim != len(shape) or given.shape[1:] != shape[1:]:
        expected = ", ".join("n" if side < 0 else str(side) for side in shape)
        raise TeethError(f"{name} has shape {given.shape}; expected ({expected})")
    limits = np.iinfo(dtype)
    if given.dtype.kind not in "iu" or given.min() < limits.min or given.max() > limits.max:
        raise TeethError(
            f"{name} {given.tolist()} are not all whole numbers that fit {limits.dtype}"
        )
    return given.astype(dtype, copy=False)


def check(
    size: tuple[int, int],
    fdi: npt.NDArray[np.int16],
    boxes: npt.NDArray[np.int32],
    masks: Sequence[npt.NDArray[np.bool_]],
    scores: npt.NDArray[np.float32],
    flags: Sequence[frozenset[Flag]],
    alternatives: npt.NDArray[np.int16],
) -> None:
    """Raises `TeethError` if the arrays of a `Teeth` record contradict each other.

    All hold one entry a tooth; numbers are FDI numbers or 0; boxes lie inside the image and are
    filled by their masks, which have a pixel each; scores are in [0, 1]; flags are known.
    """
    height, width = size
    if height < 1 or width < 1:
        raise TeethError(f"size is {size}; expected (height, width) of at least 1 x 1")
    count = len(masks)
    entries: dict[str, Sized] = {"fdi": fdi, "boxes": boxes, "scores": scores, "flags": flags}
    entries["alternatives"] = alternatives
    for name, values in entries.items():
        if len(values) != count:
            raise TeethError(
                f"{name} has {len(values)} entries for {count} masks; "
                "every array holds one entry a tooth"
            )
    for number in (*fdi.tolist(), *alternatives.tolist()):
        if number != UNNUMBERED and number not in TEETH:
            raise TeethError(f"{number} is not an FDI number (0 means unnumbered)")
    for box, mask in zip(boxes.tolist(), masks, strict=True):
        top, left, bottom, right = box
        if not (0 <= top < bottom <= height and 0 <= left < right <= width):
            raise TeethError(
                f"box (top, left, bottom, right) {tuple(box)} is empty or outside "
                f"the image of height {height} and width {width}"
            )
        if mask.shape != (bottom - top, right - left):
            raise TeethError(
                f"mask of shape {mask.shape} does not fill its box {tuple(box)}; "
                f"expected {(bottom - top, right - left)}"
            )
        if not mask.any():
            raise TeethError(f"mask in box {tuple(box)} is empty; leave such a tooth out")
    if count and not ((scores >= 0) & (scores <= 1)).all():
        raise TeethError(f"scores {scores.tolist()} are not all from 0 to 1")
    for item in flags:
        if unknown := item - set(FLAGS):
            raise TeethError(f"unknown flags {sorted(unknown)}; known: {', '.join(FLAGS)}")
