"""What the first network says of a radiograph, kept so that clicks need no further pass.

`panodent.inference.prompted_tooth` reads the outline of one tooth from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.bundle.bundle import Bundle
from panodent.bundle.frame import OFFSET_UNIT
from panodent.inference.decode import find_teeth
from panodent.inference.instances import ToothInstance
from panodent.inference.rescaling import Window, cut_window, locate
from panodent.inference.softmax import softmax
from panodent.radiograph.resampling import resized
from panodent.utils.arrays import Float32Array, FloatImage

FINEST = 1000
"""Rows of the pixels that are kept, up to twice as many: the refiner's crops have no finer ones."""


@dataclass(frozen=True)
class NetworkView:
    """The network's answer for the part of a radiograph in which teeth have their usual size.

    It takes at most 40 MB if the radiograph is about twice as wide as high.

    size : (height, width) of the radiograph in pixels.
    window : (top, left, bottom, right) of the part that the network saw, in these pixels; it may
        reach beyond the radiograph.
    pixels : float32 in [0, 1], the window, shrunk to less than twice `FINEST` rows.
    none : float32 (h, w), the probability of no tooth; h and w are the network's resolution.
    numbers : float16 (classes, h, w), the probability of each number where there is a tooth.
    votes : float32 (2, h, w), where the centre (x, y) of each pixel's tooth lies, as a place in
        `none`; None for networks without offset planes.
    teeth : the teeth that were found, at the network's resolution.
    """

    size: tuple[int, int]
    window: Window
    pixels: FloatImage
    none: Float32Array
    numbers: npt.NDArray[np.float16]
    votes: Float32Array | None
    teeth: tuple[ToothInstance, ...]

    @property
    def plane(self) -> tuple[int, int]:
        """(h, w) of the network's resolution."""
        return self.none.shape[0], self.none.shape[1]

    @property
    def window_size(self) -> tuple[int, int]:
        """(height, width) of the window in pixels of the radiograph."""
        top, left, bottom, right = self.window
        return bottom - top, right - left


def network_view(bundle: Bundle, pixels: FloatImage) -> NetworkView:
    """Runs the first network on a radiograph, float32 (H, W) in [0, 1]."""
    window = locate(bundle.without_refiner(), pixels).window
    seen = cut_window(pixels, window)
    planes = bundle.predict_planes(seen)
    classes = len(bundle.classes)
    teeth, none = find_teeth(planes, classes)
    votes = None
    if len(planes) > 1 + classes:
        rows, cols = np.indices(none.shape, np.float32)
        votes = np.stack([cols, rows]) + np.float32(OFFSET_UNIT) * planes[1 + classes :]
    factor = max(seen.shape[0] // FINEST, 1)
    small = resized(seen, (seen.shape[0] // factor, max(seen.shape[1] // factor, 1)))
    return NetworkView(
        (pixels.shape[0], pixels.shape[1]),
        window,
        small,
        none.copy(),
        softmax(planes[1 : 1 + classes]).astype(np.float16),
        votes,
        tuple(teeth),
    )
