"""Radiographs prepared for drawing: as RGB, scaled down, and how large text is on them."""

from __future__ import annotations

import math

import numpy as np

from panodent.drawing.canvas import RGBImage
from panodent.errors import TeethError
from panodent.radiograph.radiograph import Radiograph
from panodent.radiograph.resampling import resized
from panodent.teeth.teeth import Teeth
from panodent.utils.percentiles import percentiles

WINDOW_PERCENTILES = (0.5, 99.7)
"""Percentiles of the pixels that are shown as black and as white."""
MIN_FONT_SIZE = 11
"""Smallest text on a picture, in pixels."""


def check_same_size(radiograph: Radiograph, teeth: Teeth) -> None:
    """Raises `TeethError` when teeth and radiograph are of different sizes."""
    if radiograph.size != teeth.size:
        raise TeethError(
            f"teeth of an image of (height, width) {teeth.size} cannot be drawn on a radiograph "
            f"of {radiograph.size}; resize them with Teeth.resized"
        )


def windowed_rgb(radiograph: Radiograph, into: RGBImage | None = None) -> RGBImage:
    """The radiograph as grey RGB, uint8 (height, width, 3), its contrast stretched.

    The percentiles `WINDOW_PERCENTILES`, taken over a coarse grid of pixels, become 0 and 255.
    `into` is a picture of this size that is overwritten.
    """
    import cv2

    pixels = radiograph.pixels
    step = max(min(pixels.shape) // 256, 1)
    low, high = percentiles(pixels[::step, ::step], *WINDOW_PERCENTILES)
    gain = 255.0 / max(high - low, 1e-3)
    nothing = np.empty(0)
    # addWeighted multiplies, adds, rounds and saturates in one pass.
    grey = cv2.addWeighted(pixels, gain, pixels, 0.0, -low * gain, nothing, cv2.CV_8U)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB, into)


def fitted_size(size: tuple[int, int], width: int) -> tuple[int, int]:
    """(height, width) scaled down to at most `width` pixels wide, in proportion.

    >>> fitted_size((1000, 2000), 500), fitted_size((100, 200), 500)
    ((250, 500), (100, 200))
    """
    if size[1] <= width:
        return size
    return max(round(size[0] * width / size[1]), 1), width


def scaled_down(radiograph: Radiograph, width: int) -> Radiograph:
    """The radiograph at most `width` pixels wide; itself where it is no wider."""
    size = fitted_size(radiograph.size, width)
    if size == radiograph.size:
        return radiograph
    return Radiograph(resized(radiograph.pixels, size), radiograph.source)


def font_size(size: tuple[int, int]) -> float:
    """Height of text in pixels for an image of (height, width).

    It grows with the image, so that text is equally legible when the whole image is displayed.

    >>> font_size((1000, 2250)), font_size((64, 64))
    (30, 11)
    """
    return max(round(math.sqrt(size[0] * size[1]) / 50), MIN_FONT_SIZE)
