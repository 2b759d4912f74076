"""Names for NumPy array types that several packages use."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
FloatImage = npt.NDArray[np.float32]
"""Pixels (height, width) in [0, 1], bright = dense."""
