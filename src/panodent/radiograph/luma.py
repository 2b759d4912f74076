"""Colour to grey."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import Float32Array

WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
"""Red, green and blue, as in Pillow and OpenCV. Source: ITU-R BT.601, section 2.5.1."""


def luma(colour: npt.NDArray[Any]) -> Float32Array:
    """Grey values float32 (H, W), in the unit of `colour`, which is (H, W, 3 or more), RGB first.

    >>> luma(np.full((1, 2, 3), 8, np.uint8))
    array([[8., 8.]], dtype=float32)
    """
    return colour[..., :3].astype(np.float32, copy=False) @ WEIGHTS
