"""Intensity augmentation: exposure, contrast, blur, noise, burnt-in boxes."""

from __future__ import annotations

import numpy as np

from panodent.training.augmentation.config import AugmentConfig
from panodent.training.augmentation.geometry import (
    log_uniform_factor,
    smooth_field,
)
from panodent.utils.arrays import FloatImage


def change_intensity(
    image: FloatImage, config: AugmentConfig, rng: np.random.Generator
) -> FloatImage:
    """Random exposure, contrast, blur, noise and boxes.

    `image` is float32 (height, width), normalised; the result is clipped to [-1.5, 1.5].
    """
    import cv2

    if config.equalise and rng.random() < config.equalise:
        image = _equalised(image, float(rng.uniform(1, 5)), int(rng.integers(4, 11)))
    if config.detail and rng.random() < config.detail_probability:
        side = int(np.exp(rng.uniform(np.log(3), np.log(40))))
        amount = config.detail * rng.uniform(-0.5, 1)
        image = image + np.float32(amount) * (image - cv2.blur(image, (side, side)))
    gamma = log_uniform_factor(rng, config.gamma)
    if gamma != 1.0:
        dense: FloatImage = np.clip((image + 1) / 2, 0, 1.25).astype(np.float32, copy=False)
        image = np.asarray(cv2.pow(dense, gamma))
        image *= 2
        image -= 1
    image = image * np.float32(log_uniform_factor(rng, config.contrast))
    image += np.float32(rng.uniform(-config.brightness, config.brightness))
    if config.shade:
        image += np.float32(config.shade) * smooth_field(image.shape, 1, rng)[..., 0]
    if config.blur and rng.random() < config.blur_probability:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, max(config.blur, 0.31))))
    if config.noise and rng.random() < config.noise_probability:
        noise = rng.standard_normal(image.shape, np.float32)
        noise *= np.float32(rng.uniform(0, config.noise))
        image += noise
    if rng.random() < config.erase:
        _draw_boxes(image, rng)
    return np.clip(image, -1.5, 1.5, out=image)


def _equalised(image: FloatImage, limit: float, tiles: int) -> FloatImage:
    """Contrast-limited adaptive histogram equalisation of a normalised image (height, width).

    `limit` is the clip limit of OpenCV's CLAHE, `tiles` the number of tiles along each side. See
    Zuiderveld 1994, Graphics Gems IV, doi:10.1016/B978-0-12-336156-1.50061-6.
    """
    import cv2

    grey = np.clip(127.5 * (image + 1), 0, 255).astype(np.uint8)
    equal = cv2.createCLAHE(limit, (tiles, tiles)).apply(grey)
    return equal.astype(np.float32) / np.float32(127.5) - np.float32(1)


def _draw_boxes(image: FloatImage, rng: np.random.Generator) -> None:
    """Draws one to three flat boxes, like the text and markers that devices burn in, in place."""
    height, width = image.shape
    for _ in range(int(rng.integers(1, 4))):
        tall, wide = int(height * rng.uniform(0.02, 0.12)), int(width * rng.uniform(0.02, 0.12))
        top, left = int(rng.integers(0, height - tall)), int(rng.integers(0, width - wide))
        image[top : top + tall, left : left + wide] = rng.choice([-1.0, 1.0])
