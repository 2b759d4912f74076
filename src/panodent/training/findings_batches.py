"""Batches for a findings network, augmented anew each epoch, reproducible after a resume."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.bundle.exposure import with_usual_exposure
from panodent.bundle.findings_network import CHANNELS, tooth_channel
from panodent.radiograph.resampling import normalised, resized
from panodent.training.augmentation.augment import mirrored_classes
from panodent.training.augmentation.finding_painting import paint_findings
from panodent.training.augmentation.geometry import (
    affine_map,
    displaced_places,
    rescaling_map,
    warp,
)
from panodent.training.augmentation.intensity import change_intensity
from panodent.training.findings_config import FindingsConfig
from panodent.training.findings_examples import TOOTH_CLASSES, FindingsExample
from panodent.utils.arrays import Float32Array, FloatImage

MIRRORED = mirrored_classes(TOOTH_CLASSES)


class FindingsAugmenter:
    """Makes training batches, which depend on (seed, epoch, step) only."""

    def __init__(
        self, examples: Sequence[FindingsExample], kinds: Sequence[str], config: FindingsConfig
    ) -> None:
        self.examples, self.kinds, self.config = examples, tuple(kinds), config
        often = [config.repeat if item.labelled else 1 for item in examples]
        self.order = np.repeat(np.arange(len(examples)), often)

    @property
    def steps(self) -> int:
        """Batches per epoch; the last one is filled up from the start of the shuffled order."""
        return -(-len(self.order) // self.config.batch_size)

    def batch(self, epoch: int, step: int) -> tuple[Float32Array, npt.NDArray[np.uint8]]:
        """Inputs float32 (batch, height, width, CHANNELS), kinds uint8 (batch, height, width)."""
        config, size = self.config, self.config.frame.size
        shuffled = np.random.default_rng((config.seed, epoch)).permutation(self.order)
        start = step * config.batch_size
        chosen = np.take(shuffled, range(start, start + config.batch_size), mode="wrap")
        rng = np.random.default_rng((config.seed, epoch, step))
        inputs = np.empty((config.batch_size, *size, CHANNELS), np.float32)
        labels = np.empty((config.batch_size, *size), np.uint8)
        for slot, index in enumerate(chosen):
            inputs[slot], labels[slot] = augmented(self.examples[index], self.kinds, config, rng)
        return inputs, labels


def augmented(
    example: FindingsExample, kinds: Sequence[str], config: FindingsConfig, rng: np.random.Generator
) -> tuple[Float32Array, npt.NDArray[np.uint8]]:
    """A random variant: inputs float32 (*frame, CHANNELS) and kinds uint8 (*frame)."""
    import cv2

    size, augment = config.frame.size, config.augment
    flipped = bool(rng.random() < augment.flip)
    pixels = example.pixels.astype(np.float32) / np.float32(255)
    near = (min(pixels.shape[0], 2 * size[0]), min(pixels.shape[1], 2 * size[1]))
    source = resized(pixels, near)
    to_source = affine_map(source.shape, size, flipped, augment, rng)
    to_labels = rescaling_map(near, example.kinds.shape) @ to_source
    places = displaced_places(size, augment, rng)
    image = warp(source, to_source, size, places, cv2.INTER_LINEAR)
    tooth = warp(example.tooth, to_labels, size, places, cv2.INTER_LINEAR)
    tooth = tooth.astype(np.float32) / np.float32(255)
    found = warp(example.kinds, to_labels, size, places, cv2.INTER_NEAREST)
    teeth = warp(example.teeth, to_labels, size, places, cv2.INTER_NEAREST)
    if flipped:
        teeth = MIRRORED[teeth]
    paint = config.paint.labelled if example.labelled else config.paint.plain
    if rng.random() < paint:
        image, found, tooth = paint_findings(
            image, found, teeth, tooth, kinds, TOOTH_CLASSES, config.paint, rng
        )
    seen = np.empty((*size, CHANNELS), np.float32)
    image = with_usual_exposure(normalised(image), tooth)
    seen[..., 0] = change_intensity(image, augment, rng)
    seen[..., 1] = tooth_channel(_changed_probability(tooth, rng))
    return seen, found


def _changed_probability(tooth: FloatImage, rng: np.random.Generator) -> FloatImage:
    """The first network is surer of radiographs it was trained on than of others."""
    import cv2

    if rng.random() < 0.5:
        tooth = cv2.GaussianBlur(tooth, (0, 0), float(rng.uniform(0.5, 4)))
    return np.asarray(tooth * np.float32(rng.uniform(0.8, 1.0)), np.float32)


def plain_input(example: FindingsExample, config: FindingsConfig) -> Float32Array:
    """An example as it is, float32 (*frame, CHANNELS)."""
    frame = config.frame
    seen = np.empty((*frame.size, CHANNELS), np.float32)
    image = frame.forward(example.pixels.astype(np.float32) / np.float32(255))
    tooth = resized(example.tooth.astype(np.float32) / np.float32(255), frame.size)
    seen[..., 0] = with_usual_exposure(image, tooth)
    seen[..., 1] = tooth_channel(tooth)
    return seen
