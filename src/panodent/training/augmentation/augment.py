"""Augments a radiograph and its labels together.

All geometric changes are composed to one map, so pixels are resampled once, straight to the frame's
size. Labels are resampled by nearest neighbour. A left-right flip exchanges the numbers of both
sides (36 <-> 46). Images are never turned upside down.
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
    affine_map,
    displaced_places,
    rescaling_map,
    warp,
)
from panodent.training.augmentation.intensity import change_intensity
from panodent.training.augmentation.restorations import add_restorations
from panodent.training.augmentation.tooth_removal import remove_teeth
from panodent.utils.arrays import ClassImage, FloatImage

IGNORED = 255
"""Class of pixels that the loss leaves out: teeth that are not among the network's classes."""


def mirrored_classes(classes: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Lookup table, uint8 (256,): class -> class of the same tooth on the other side.

    Raises `ConfigError` when the tooth of the other side is not among `classes`.

    >>> mirrored_classes([11, 21])[:3].tolist()
    [0, 2, 1]
    """
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
    """A random variant of an annotated radiograph at the frame's size.

    Parameters
    ----------
    pixels : float32 (H, W) in [0, 1].
    labels : uint8 (H, W) class image.
    size : (height, width) of the result.
    config : how far each change goes.
    rng : source of all random numbers; equal states give equal results.
    mirrored : lookup table made by `mirrored_classes`; None forbids flips.
    teeth : FDI numbers of classes 1, 2, ...

    Returns normalised pixels, float32 `size` in [-1.5, 1.5], and the class image, uint8 `size`.
    """
    import cv2

    flipped = bool(rng.random() < config.flip) and mirrored is not None
    # Shrinking without area means would alias, so the image first comes near the frame's size.
    near = (min(pixels.shape[0], 2 * size[0]), min(pixels.shape[1], 2 * size[1]))
    source = resized(pixels, near)
    to_source = affine_map(source.shape, size, flipped, config, rng)
    to_labels = rescaling_map(near, labels.shape) @ to_source
    places = displaced_places(size, config, rng)
    image = warp(source, to_source, size, places, cv2.INTER_LINEAR)
    classes = warp(labels, to_labels, size, places, cv2.INTER_NEAREST)
    if flipped and mirrored is not None:
        classes = mirrored[classes]
    if rng.random() < config.extract:
        image, classes = remove_teeth(image, classes, teeth, config, rng)
    if config.restore and rng.random() < config.restore:
        image, classes = add_restorations(image, classes, teeth, config, rng)
    return change_intensity(normalised(image), config, rng), classes
