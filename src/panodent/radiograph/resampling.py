"""Resampling and contrast normalisation of radiographs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import FloatImage

LOW_PERCENTILE, HIGH_PERCENTILE = 1.0, 99.5


def resized(pixels: FloatImage, size: tuple[int, int]) -> FloatImage:
    """(H, W) -> size (height, width): area means where it shrinks, linear where it grows."""
    import cv2

    # Axis by axis: a side that shrinks beside one that grows must not be sampled with gaps.
    height, width = min(pixels.shape[0], size[0]), min(pixels.shape[1], size[1])
    for (rows, cols), method in (((height, width), cv2.INTER_AREA), (size, cv2.INTER_LINEAR)):
        if pixels.shape != (rows, cols):
            pixels = cv2.resize(pixels, (cols, rows), interpolation=method)
    return pixels


def normalised(pixels: FloatImage) -> FloatImage:
    """Contrast stretched so that the 1st and 99.5th percentile become -1 and 1; clipped to +-1.5.

    Devices differ in exposure, bit depth and windowing: this removes shift and scale. A picture
    of one value becomes all -1.
    """
    low, high = np.percentile(pixels, (LOW_PERCENTILE, HIGH_PERCENTILE))
    span = max(float(high - low), 1e-6)
    image = (pixels - np.float32(low)) * np.float32(2 / span) - np.float32(1)
    return np.clip(image, -1.5, 1.5).astype(np.float32)


def enlarged(
    plane: npt.NDArray[np.float32],
    box: tuple[int, int, int, int],
    size: tuple[int, int],
    corner: tuple[int, int] = (0, 0),
    whole: tuple[int, int] | None = None,
) -> npt.NDArray[np.float32]:
    """The part of `plane` that covers `box` of a radiograph of `size`, linear, at its resolution.

    `plane` is (h, w) over the whole radiograph of `size` (height, width), or a crop at `corner`
    (row, column) of such a plane of shape `whole`; `box` is (top, left, bottom, right) in
    radiograph pixels; the result has the box's shape. Pixel centres correspond, as in `resized`.
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
