"""Batches of crops for the refiner, changed at random, and the Dice of held-out ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from panodent.inference.refinement import CHANNELS, CROP, LIMIT
from panodent.training.refiner_config import RefinerConfig
from panodent.training.refiner_crops import STEPS, STORED, Crops
from panodent.utils.arrays import BoolArray, Float32Array, Float64Array


def batch(
    crops: Crops,
    chosen: npt.NDArray[np.integer],
    config: RefinerConfig | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[Float32Array, npt.NDArray[np.uint8]]:
    """Inputs float32 (n, *CROP, CHANNELS) and outlines uint8 (n, *CROP) of the chosen crops.

    Changed at random with `config` and `rng`, unchanged without them.
    """
    import cv2

    inputs = np.empty((len(chosen), *CROP, CHANNELS), np.float32)
    outlines = np.empty((len(chosen), *CROP), np.uint8)
    for slot, index in enumerate(chosen):
        place = _random_place(config, rng)
        image = np.ascontiguousarray(np.moveaxis(crops.inputs[index], 0, -1)).astype(np.float32)
        image = cv2.warpAffine(
            image / np.float32(STEPS),
            place,
            CROP[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        outlines[slot] = cv2.warpAffine(
            crops.outlines[index],
            place,
            CROP[::-1],
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        )
        if config is not None and rng is not None:
            image[..., 0] = _exposed(image[..., 0], config, rng)
            image[..., 1:] += rng.uniform(-config.bias, config.bias, CHANNELS - 1)
        inputs[slot] = image
    return inputs, outlines


def _random_place(config: RefinerConfig | None, rng: np.random.Generator | None) -> Float64Array:
    """2 x 3 map from (x, y) of a crop to that of a stored one."""
    stored = np.array([STORED[1] - 1, STORED[0] - 1]) / 2
    middle = np.array([CROP[1] - 1, CROP[0] - 1]) / 2
    if config is None or rng is None:
        return np.c_[np.eye(2), stored - middle]
    # Crops are enlarged twice as much across the tooth as along it.
    angle = np.deg2rad(rng.uniform(-config.rotation, config.rotation))
    turn = np.array([[np.cos(angle), -np.sin(angle) / 2], [2 * np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag(np.exp(rng.uniform(-config.scale, config.scale, 2)))
    shift = rng.uniform(-config.shift, config.shift, 2) * (1, 2)
    return np.c_[linear, stored + shift - linear @ middle]


def _exposed(image: Float32Array, config: RefinerConfig, rng: np.random.Generator) -> Float32Array:
    """Standardised pixels with another contrast, noise or sharpness."""
    import cv2

    power, contrast = np.exp(rng.uniform(-1, 1, 2) * (config.gamma, config.contrast))
    image = np.sign(image) * np.abs(image) ** np.float32(power) * np.float32(contrast)
    if rng.random() < 0.4:
        noise = rng.standard_normal(image.shape, np.float32)
        image = image + noise * np.float32(rng.uniform(0, config.noise))
    if config.blur and rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.2, max(config.blur, 0.3)))
    return np.asarray(image, np.float32)


def crop_dice(predict: Callable[[Float32Array], Float32Array], crops: Crops) -> tuple[float, float]:
    """Mean Dice of crops before and after refinement; NaN without crops.

    `predict` maps float32 (n, *CROP, CHANNELS) to logits (n, h, w, 2).
    """
    import cv2

    before: list[float] = []
    after: list[float] = []
    for start in range(0, len(crops), 128):
        inputs, outlines = batch(crops, np.arange(start, min(start + 128, len(crops))))
        answers = predict(inputs).astype(np.float32)
        for seen, answer, outline in zip(inputs, answers, outlines, strict=True):
            lead = cv2.resize(
                answer[..., 1] - answer[..., 0], CROP[::-1], interpolation=cv2.INTER_LINEAR
            )
            before.append(_dice(seen[..., 1] * (LIMIT / 2) > 0, outline > 0))
            after.append(_dice(lead > 0, outline > 0))
    return (float(np.mean(before)), float(np.mean(after))) if before else (np.nan, np.nan)


def _dice(one: BoolArray, other: BoolArray) -> float:
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0
