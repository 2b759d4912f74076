"""Cropped masks: put into an image, and joined where several are one tooth."""

from __future__ import annotations

import numpy as np

from panodent.teeth.masks import bounding_box
from panodent.utils.arrays import BoolArray

Piece = tuple[BoolArray, tuple[int, int]]
"""A cropped mask and its (top, left)."""


def placed(mask: BoolArray, top: int, left: int, size: tuple[int, int]) -> Piece:
    """The mask with its first pixel at (top, left), cut to an image of this (height, width)."""
    rows, cols = (
        slice(max(-start, 0), max(side - start, 0))
        for start, side in zip((top, left), size, strict=True)
    )
    return trimmed(mask[rows, cols], max(top, 0), max(left, 0))


def joined(pieces: list[Piece], size: tuple[int, int]) -> Piece:
    """All pixels of pieces of one image of this (height, width)."""
    if len(pieces) == 1:
        return pieces[0]
    whole = np.zeros(size, bool)
    for mask, (top, left) in pieces:
        whole[top : top + mask.shape[0], left : left + mask.shape[1]] |= mask
    return trimmed(whole)


def trimmed(mask: BoolArray, top: int = 0, left: int = 0) -> tuple[BoolArray, tuple[int, int]]:
    """A copy of what the mask's box holds and its (top, left), so that the whole can be freed."""
    box = bounding_box(mask)
    if box is None:
        return np.zeros((0, 0), bool), (0, 0)
    row0, col0, row1, col1 = box
    return mask[row0:row1, col0:col1].copy(), (top + row0, left + col0)
