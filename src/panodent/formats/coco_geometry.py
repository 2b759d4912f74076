"""Boxes and segmentations in the form of COCO, for its annotations and its results.

Result files need no more of COCO than this, so that it imports nothing.
"""

from __future__ import annotations

from typing import Any


def bbox(left: int, top: int, right: int, bottom: int) -> list[int]:
    """[left, top, width, height] of a half-open box.

    >>> bbox(2, 1, 6, 4)
    [2, 1, 4, 3]
    """
    return [left, top, right - left, bottom - top]


def run_lengths(rle: str, size: tuple[int, int]) -> dict[str, Any]:
    """A segmentation of a compressed run-length text over an image of this (height, width)."""
    return {"size": list(size), "counts": rle}
