"""Brings the exposure of teeth into the range that the findings network knows.

Devices differ in how bright teeth are against the darkest and brightest parts of a radiograph,
and letters that are burnt in change these. A filling is told by its brightness against its tooth,
so that a network that knows one clinic overlooks fillings of another one.
"""

from __future__ import annotations

import numpy as np

from panodent.utils.arrays import BoolArray, FloatImage
from panodent.utils.percentiles import median

USUAL = (0.46, 0.54)
"""Range of the median grey value of teeth, where black to white is 0 to 1. Its mean is 0.5 in
UFBA-425, with a standard deviation of 0.08."""
TOOTH = 0.5
"""Where the probability of any tooth is larger, teeth tell the exposure."""
MIN_PIXELS = 200
"""Fewer pixels of teeth do not tell the exposure."""
MAX_GAMMA = 2.5
"""Largest exponent; the smallest is one divided by it."""


def gamma_for(image: FloatImage, teeth: BoolArray) -> float:
    """The exponent that brings the median of teeth to the nearest end of `USUAL`; 1 inside it.

    image : (h, w), -1 black to 1 white.
    teeth : (h, w), where teeth are.
    """
    if np.count_nonzero(teeth) < MIN_PIXELS:
        return 1.0
    grey = min(max((float(median(image[teeth])) + 1) / 2, 0.05), 0.95)
    usual = min(max(grey, USUAL[0]), USUAL[1])
    gamma = float(np.log(usual) / np.log(grey))
    return min(max(gamma, 1 / MAX_GAMMA), MAX_GAMMA)


def exposed(image: FloatImage, gamma: float) -> FloatImage:
    """The image, -1 black to 1 white, with its grey values to the power of `gamma`."""
    import cv2

    if gamma == 1:
        return image
    grey = np.maximum((image + 1) / 2, 0, dtype=np.float32)
    return np.minimum(2 * np.asarray(cv2.pow(grey, gamma), np.float32) - 1, np.float32(1.5))


def with_usual_exposure(image: FloatImage, tooth: FloatImage) -> FloatImage:
    """The image after `gamma_for`; `tooth` (h, w) is the probability of any tooth, 0 to 1."""
    return exposed(image, gamma_for(image, tooth > TOOTH))
