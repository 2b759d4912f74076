"""Random changes of an annotated radiograph that keep the truth true.

Geometry is one map, affine and perhaps bent, so pixels are resampled once and land in the frame's
size at once.
A left-right flip swaps the numbers of the sides (36 <-> 46); nothing is ever turned upside down.
Labels are moved by nearest neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.dentition import PERMANENT, mirror
from panodent.errors import ConfigError
from panodent.radiograph.resampling import normalised, resized
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.augmentation.geometry import (
    _affine,
    _places,
    _rescaled,
    _warped,
)
from panodent.training.augmentation.intensity import _intensity
from panodent.training.augmentation.restorations import restored
from panodent.training.augmentation.tooth_removal import extracted
from panodent.utils.arrays import FloatImage

ClassImage = npt.NDArray[np.uint8]
"""Pixel value 0 is none, c is the tooth `PERMANENT[c - 1]`."""

IGNORED = 255
"""Class of pixels that count for nothing: teeth that are not among the network's classes."""


def mirrored_classes(classes: Sequence[int]) -> npt.NDArray[np.uint8]:
    """(256,) the class of the same tooth on the other side; raises `ConfigError` if it has none."""
    lookup = np.arange(256, dtype=np.uint8)
    for index, fdi in enumerate(classes, start=1):
        if mirror(fdi) not in classes:
            raise ConfigError(
                f"tooth {fdi} is a class but its mirror partner {mirror(fdi)} is not; "
                "add it, or train with augment.flip = 0"
            )
        lookup[index] = list(classes).index(mirror(fdi)) + 1
    return lookup


MIRRORED_CLASS = mirrored_classes(PERMANENT)


def augment(
    pixels: FloatImage,
    labels: ClassImage,
    size: tuple[int, int],
    config: AugmentConfig,
    rng: np.random.Generator,
    mirrored: npt.NDArray[np.uint8] | None = MIRRORED_CLASS,
    teeth: Sequence[int] = PERMANENT,
) -> tuple[FloatImage, ClassImage]:
    """One random variant of an annotated radiograph at frame size.

    Parameters
    ----------
    pixels : float32 (H, W) in [0, 1].
    labels : uint8 (H, W) class image.
    size : (height, width) of the result.
    mirrored : class of the same tooth on the other side, by class; None forbids flips.
    teeth : FDI number of class 1, 2, ...

    Returns normalised pixels float32 `size` and the class image uint8 `size`.
    """
    import cv2

    flipped = bool(rng.random() < config.flip) and mirrored is not None
    # Shrinking without area means would alias: come near the frame's size first.
    near = (min(pixels.shape[0], 2 * size[0]), min(pixels.shape[1], 2 * size[1]))
    source = resized(pixels, near)
    to_source = _affine(source.shape, size, flipped, config, rng)
    to_labels = _rescaled(near, labels.shape) @ to_source
    places = _places(size, config, rng)
    image = _warped(source, to_source, size, places, cv2.INTER_LINEAR)
    classes = _warped(labels, to_labels, size, places, cv2.INTER_NEAREST)
    if flipped and mirrored is not None:
        classes = mirrored[classes]
    if rng.random() < config.extract:
        image, classes = extracted(image, classes, teeth, rng)
    if config.restore and rng.random() < config.restore:
        image, classes = restored(image, classes, teeth, rng)
    return _intensity(normalised(image), config, rng), classes
