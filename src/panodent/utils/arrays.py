"""Names of NumPy array types that several packages use.

A type says nothing of an array's shape; docstrings do, as in '(height, width)' or '(n, 4)'.

>>> image: FloatImage = np.zeros((2, 3), np.float32)
>>> image.dtype
dtype('float32')
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
Int64Array = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
FloatImage = npt.NDArray[np.float32]
"""Pixels (height, width) in [0, 1]; brighter is denser."""
ClassImage = npt.NDArray[np.uint8]
"""The class of each pixel, (height, width), as training counts classes: 0 is no tooth."""
