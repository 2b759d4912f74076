"""Taking teeth out of a radiograph: gaps that the data lacks, with truth that stays true.

Most numbering errors stand beside a gap. Filling a run of teeth with the local background makes
more gaps, and the neighbours keep their numbers: the network learns not to count.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.dentition import ARCH_ORDER
from panodent.radiograph import FloatImage

ARCHES = (ARCH_ORDER[:16], ARCH_ORDER[16:])
LONGEST = 6
"""At most this many neighbouring teeth are taken out at once."""
REACH = 0.04
"""How far the background is looked for, as a share of the image's height (standard deviation)."""


def extracted(
    pixels: FloatImage,
    labels: npt.NDArray[np.uint8],
    classes: Sequence[int],
    rng: np.random.Generator,
) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
    """A run of neighbouring teeth replaced by background; labels follow.

    `pixels` is float32 (height, width) in [0, 1]; `labels` its class image, value c the tooth
    `classes[c - 1]`. Without teeth both come back as they are.
    """
    import cv2

    gone = np.isin(labels, _run(labels, classes, rng))
    if not gone.any():
        return pixels, labels
    # The outline is half tooth, half bone: take it along, but not into the neighbours.
    wide = cv2.dilate(gone.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    hole = (wide & (labels == 0)) | gone
    background = ((labels == 0) & ~wide).astype(np.float32)
    sigma = max(REACH * pixels.shape[0], 2.0)
    weight = cv2.GaussianBlur(background, (0, 0), sigma)
    smooth = cv2.GaussianBlur(pixels * background, (0, 0), sigma) / np.maximum(weight, 1e-4)
    grain = pixels - cv2.GaussianBlur(pixels, (0, 0), 1.5)
    spread = float(grain[background > 0].std()) if background.any() else 0.0
    filling = smooth + rng.standard_normal(pixels.shape, np.float32) * np.float32(spread)
    share = np.where(hole, cv2.GaussianBlur(hole.astype(np.float32), (0, 0), 1.0), 0)
    share = np.clip(share * 1.6, 0, 1)
    result = np.clip(pixels + (filling - pixels) * share, 0, 1).astype(np.float32)
    return result, np.where(gone, 0, labels).astype(np.uint8)


def _run(
    labels: npt.NDArray[np.uint8], classes: Sequence[int], rng: np.random.Generator
) -> list[int]:
    """Class values of a few neighbours along one arch, chosen at random among those present."""
    present = {int(value) for value in np.unique(labels)}
    value_of = {fdi: value for value, fdi in enumerate(classes, start=1)}
    arches = [[value_of[fdi] for fdi in arch if value_of.get(fdi) in present] for arch in ARCHES]
    arches = [arch for arch in arches if arch]
    if not arches:
        return []
    arch = arches[int(rng.integers(len(arches)))]
    length = min(int(rng.geometric(0.45)), LONGEST, len(arch))
    first = int(rng.integers(0, len(arch) - length + 1))
    return arch[first : first + length]
