"""Cropped masks: put into an image, and joined where several are one tooth."""

from __future__ import annotations

import numpy as np

from panodent.formats.parsing.image_entries import trimmed
from panodent.teeth.masks import BoolArray

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
