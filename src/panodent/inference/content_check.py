"""Rejects pictures that cannot be radiographs: blank images and label images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panodent.errors import RadiographError
from panodent.radiograph.radiograph import Radiograph
from panodent.utils.arrays import FloatImage

MASK_VALUES = 40
"""Pictures with at most this many grey values count as masks."""
_ROWS = 16


def check_content(radiograph: Radiograph) -> None:
    """Raises `RadiographError` for a blank picture and for a label image (a mask).

    A radiograph contains noise and so hundreds of grey values; a mask has one for each tooth. Every
    third row and column is examined.
    """
    levels = _levels(radiograph.pixels[::3, ::3])
    where = radiograph.source or "the picture"
    if levels == 1:
        raise RadiographError(f"{where}: blank, every pixel has one grey value; send a radiograph")
    if levels <= MASK_VALUES:
        raise RadiographError(
            f"{where}: looks like a mask ({levels} grey values), expected a radiograph; "
            "masks are read by `panodent evaluate` and `panodent train`"
        )


def _levels(pixels: FloatImage) -> int:
    """Number of different 16-bit grey values; counting stops above `MASK_VALUES`."""
    seen: npt.NDArray[np.float32] = np.empty(0, np.float32)
    for start in range(0, len(pixels), _ROWS):
        part = np.round(pixels[start : start + _ROWS] * np.float32(65535))
        seen = np.union1d(seen, part)
        if len(seen) > MASK_VALUES:
            break
    return len(seen)
