"""Quick Dice and loss after every epoch, of the network's output without decoding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.radiograph.resampling import normalised, resized
from panodent.training.augmentation.augment import IGNORED
from panodent.training.batches import Example
from panodent.training.device_group import ALONE, DeviceGroup

MIN_PIXELS = 12
"""Smaller predicted classes, in frame pixels, are not counted; decoding removes them."""


def validate(
    predict: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]],
    loss: Callable[[npt.NDArray[np.uint8], npt.NDArray[np.float32]], float],
    examples: Sequence[Example],
    size: tuple[int, int],
    classes: int,
    batch_size: int,
    group: DeviceGroup = ALONE,
) -> tuple[float, float]:
    """(mean Dice, mean loss) of the examples at a frame size (height, width).

    The Dice is the mean over all annotated teeth, with a 0 for each predicted tooth that is absent;
    0 when there are no teeth at all. The loss is that of training, without augmentation: the mean
    over batches of `batch_size`, NaN without examples. Each process of the group computes some of
    the batches and returns the means of all.

    predict : maps float32 (1, height, width, 1) to (1, h, w, planes), of which the first `classes`
        are scores of classes.
    loss : of classes uint8 (batch, height, width) and such planes (batch, h, w, planes).
    """
    dice: list[float] = []
    losses: list[float] = []
    step = batch_size * group.processes
    for start in range(batch_size * group.process, len(examples), step):
        batch = examples[start : start + batch_size]
        truth = np.stack([_nearest(example.labels, size) for example in batch])
        planes = np.concatenate([predict(_input(example, size)) for example in batch])
        for labels, scores in zip(truth, planes, strict=True):
            dice.extend(tooth_dice(labels, argmax_at(scores[..., :classes], size)))
        losses.append(float(loss(truth, planes)))
    dice, losses = group.gathered(dice), group.gathered(losses)
    return (
        float(np.mean(dice)) if dice else 0.0,
        float(np.mean(losses)) if losses else float("nan"),
    )


def _input(example: Example, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The network's input for an example, (1, height, width, 1)."""
    pixels = example.pixels.astype(np.float32) / np.float32(255)
    return normalised(resized(pixels, size))[None, ..., None]


def argmax_at(scores: npt.NDArray[np.float32], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The best class of each pixel, uint8 `size`; scores (h, w, classes) are enlarged linearly."""
    import cv2

    if scores.shape[:2] != tuple(size):
        planes = [
            cv2.resize(scores[..., c], (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
            for c in range(scores.shape[-1])
        ]
        return np.argmax(np.stack(planes), axis=0).astype(np.uint8)
    return np.argmax(scores, axis=-1).astype(np.uint8)


def tooth_dice(truth: npt.NDArray[np.uint8], found: npt.NDArray[np.uint8]) -> list[float]:
    """Dice of every class in the ground truth, and a 0 for every other class found.

    Both images are uint8 (height, width). Pixels that are `IGNORED` in the truth do not count.

    >>> tooth_dice(np.uint8([[1, 1, 0]]), np.uint8([[1, 0, 0]]))
    [0.6666666666666666]
    """
    counted = truth != IGNORED
    truth, found = truth[counted].astype(np.int64), found[counted].astype(np.int64)
    in_truth, in_found = np.bincount(truth, minlength=256), np.bincount(found, minlength=256)
    both = np.bincount(truth[truth == found], minlength=256)
    dice = 2 * both / np.maximum(in_truth + in_found, 1)
    present = in_truth[1:] > 0
    extra = int(((in_found[1:] >= MIN_PIXELS) & ~present).sum())
    return [*dice[1:][present].tolist(), *([0.0] * extra)]


def _nearest(labels: npt.NDArray[np.uint8], size: tuple[int, int]) -> Any:
    import cv2

    return cv2.resize(labels, (size[1], size[0]), interpolation=cv2.INTER_NEAREST)
