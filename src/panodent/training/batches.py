"""Batches for training: augmented anew each epoch, and reproducible after a resume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.datasets.checking import conflict
from panodent.datasets.dataset import Case
from panodent.dentition import TEETH
from panodent.errors import ConfigError
from panodent.radiograph.resampling import resized
from panodent.teeth.teeth import Teeth
from panodent.training.augmentation.augment import IGNORED, augment, mirrored_classes
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.augmentation.transplant import Transplants
from panodent.utils.arrays import ClassImage, FloatImage


@dataclass(frozen=True)
class Example:
    """An annotated radiograph in memory: pixels and class image, both uint8 (height, width)."""

    key: str
    pixels: npt.NDArray[np.uint8]
    labels: ClassImage


def class_image(teeth: Teeth, classes: Sequence[int]) -> ClassImage:
    """uint8 (height, width): 0 no tooth, c the tooth `classes[c - 1]`, `IGNORED` any other."""
    lookup = np.full(256, IGNORED, np.uint8)
    lookup[0] = 0
    for index, fdi in enumerate(classes, start=1):
        lookup[fdi] = index
    image = lookup[teeth.label_image()]
    for index in np.flatnonzero(teeth.fdi == 0).tolist():  # label images lack unnumbered teeth
        top, left, bottom, right = teeth.boxes[index]
        crop = image[top:bottom, left:right]
        crop[teeth.masks[index] & (crop == 0)] = IGNORED
    return image


def load(case: Case, classes: Sequence[int], limit: tuple[int, int]) -> Example:
    """Reads a case; sides longer than `limit` (height, width) are shrunk to save memory.

    Raises `ConfigError` when radiograph and annotation differ in size.
    """
    radiograph, teeth = case.radiograph(), case.teeth()
    if teeth.size != radiograph.size:
        raise ConfigError(f"{case.image}: {conflict(radiograph, teeth.size)}; expected one size")
    size = (min(limit[0], radiograph.size[0]), min(limit[1], radiograph.size[1]))
    pixels = np.round(resized(radiograph.pixels, size) * 255).astype(np.uint8)
    return Example(case.key, pixels, class_image(teeth.resized(size), classes))


def oversampled(
    examples: Sequence[Example],
    repeats: Sequence[int],
    mixed: Sequence[int],
    classes: Sequence[int],
) -> list[int]:
    """How often an epoch shows each example: at least `mixed` where deciduous teeth are seen."""
    deciduous = [value for value, fdi in enumerate(classes, start=1) if TEETH[fdi].deciduous]
    return [
        max(repeat, times) if np.isin(deciduous, example.labels).any() else repeat
        for example, repeat, times in zip(examples, repeats, mixed, strict=True)
    ]


class Augmenter:
    """Makes training batches; each row depends on (seed, epoch, step, row) only.

    `repeats` says how often an epoch shows each example.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        repeats: Sequence[int],
        classes: Sequence[int],
        config: AugmentConfig,
        batch_size: int,
        seed: int,
    ) -> None:
        self.examples, self.config, self.classes = examples, config, classes
        self.batch_size, self.seed = batch_size, seed
        self.order = np.repeat(np.arange(len(examples)), repeats)
        self.mirrored = mirrored_classes(classes) if config.flip else None
        self.transplants = (
            Transplants([e.pixels for e in examples], [e.labels for e in examples], classes)
            if config.transplant
            else None
        )

    @property
    def steps(self) -> int:
        """Batches per epoch; the last one is filled up from the start of the shuffled order."""
        return -(-len(self.order) // self.batch_size)

    def batch(
        self, epoch: int, step: int, size: tuple[int, int], rows: tuple[int, int] | None = None
    ) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
        """Pixels float32 (batch, height, width, 1) and classes uint8 (batch, height, width).

        `rows` are the first row that is made and the one after the last; None stands for all.
        """
        shuffled = np.random.default_rng((self.seed, epoch)).permutation(self.order)
        first, end = rows or (0, self.batch_size)
        start = step * self.batch_size
        chosen = np.take(shuffled, range(start + first, start + end), mode="wrap")
        images = np.empty((end - first, *size, 1), np.float32)
        labels = np.empty((end - first, *size), np.uint8)
        for slot, index in enumerate(chosen):
            # Of its own, so that another process can make the other rows.
            rng = np.random.default_rng((self.seed, epoch, step, first + slot))
            example = self.examples[index]
            pixels = example.pixels.astype(np.float32) / np.float32(255)
            given = example.labels
            if self.transplants is not None:
                pixels, given = self.transplants.apply(index, pixels, self.config, rng)
            image, classes = augment(
                pixels, given, size, self.config, rng, self.mirrored, self.classes
            )
            images[slot, ..., 0], labels[slot] = image, classes
        return images, labels
