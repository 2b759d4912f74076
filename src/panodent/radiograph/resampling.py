"""Resampling and contrast normalisation of radiographs."""

from __future__ import annotations

import numpy as np

from panodent.utils.arrays import Float32Array, FloatImage
from panodent.utils.percentiles import percentiles

LOW_PERCENTILE, HIGH_PERCENTILE = 1.0, 99.5


def resized(pixels: FloatImage, size: tuple[int, int]) -> FloatImage:
    """Pixels resampled to `size` (height, width): area means to shrink, linear to enlarge.

    >>> resized(np.array([[0, 1, 0, 1]], np.float32), (1, 2))
    array([[0.5, 0.5]], dtype=float32)
    """
    import cv2

    # First shrink, then enlarge: INTER_LINEAR would skip pixels of a side that shrinks.
    height, width = min(pixels.shape[0], size[0]), min(pixels.shape[1], size[1])
    for (rows, cols), method in (((height, width), cv2.INTER_AREA), (size, cv2.INTER_LINEAR)):
        if pixels.shape != (rows, cols):
            pixels = cv2.resize(pixels, (cols, rows), interpolation=method)
    return pixels


def normalised(pixels: FloatImage) -> FloatImage:
    """float32 pixels scaled so that percentiles 1 and 99.5 become -1 and 1; clipped to +-1.5.

    This removes differences in exposure, bit depth and windowing between devices. An image of one
    value becomes all -1.

    >>> normalised(np.linspace(0, 1, 1001, dtype=np.float32))[[0, 10, 995, 1000]].round(2)
    array([-1.02, -1.  ,  1.  ,  1.01], dtype=float32)
    """
    low, high = percentiles(pixels, LOW_PERCENTILE, HIGH_PERCENTILE)
    span = max(high - low, 1e-6)
    image = pixels - np.float32(low)
    image *= np.float32(2 / span)
    image -= np.float32(1)
    return np.clip(image, -1.5, 1.5, out=image)


def enlarged(
    plane: Float32Array,
    box: tuple[int, int, int, int],
    size: tuple[int, int],
    corner: tuple[int, int] = (0, 0),
    whole: tuple[int, int] | None = None,
) -> Float32Array:
    """The part of a low-resolution plane that covers a box of the radiograph, at full resolution.

    plane : (h, w) over the whole radiograph, or a crop of such a plane.
    box : (top, left, bottom, right) in radiograph pixels; the result has its shape.
    size : (height, width) of the radiograph.
    corner, whole : if `plane` is a crop, its first (row, column) and the shape of the whole plane.

    Interpolation is linear; pixel centres correspond as in `resized`.
    """
    import cv2

    height, width = whole or plane.shape
    scale_y, scale_x = height / size[0], width / size[1]
    top, left, bottom, right = box
    to_plane = np.array(
        [
            [scale_x, 0, (left + 0.5) * scale_x - 0.5 - corner[1]],
            [0, scale_y, (top + 0.5) * scale_y - 0.5 - corner[0]],
        ],
        np.float64,
    )
    return cv2.warpAffine(
        plane,
        to_plane,
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
