"""Augmentation: crowns, posts and implants.

A crown on an implant looks much like one on a root, and only the latter is a tooth. Few
radiographs of the training data show implants, so networks label them as teeth; this augmentation
shows more of both kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.training.augmentation.config import AugmentConfig
from panodent.training.augmentation.tooth_removal import choose_run, fill_with_background
from panodent.utils.arrays import BoolArray, Float32Array, FloatImage

MIN_PIXELS = 24
"""Smaller teeth get no metal: their shape is not known well enough."""


def add_restorations(
    pixels: FloatImage,
    labels: npt.NDArray[np.uint8],
    classes: Sequence[int],
    config: AugmentConfig,
    rng: np.random.Generator,
) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
    """Crowns a run of neighbouring teeth, or replaces it by implants.

    Crowned teeth keep their labels; implants are not teeth, so their labels become 0. Parameters
    and results as of `panodent.training.augmentation.tooth_removal.remove_teeth`; `config` also
    gives the settings that begin with `restore_`.
    """
    run = choose_run(labels, classes, config, rng)
    if not run:
        return pixels, labels
    implants = bool(rng.random() < config.restore_implants)
    bridge = implants and bool(rng.random() < config.restore_bridges)
    if implants:
        lost = run[1:-1] if bridge and len(run) > 2 else run  # a bridge stands on its end teeth
        result, remaining = fill_with_background(pixels, labels, lost, config.extract_reach, rng)
    else:
        result, remaining = pixels.copy(), labels
    metal = float(np.clip(np.percentile(pixels, 99.5) * rng.uniform(0.9, 1.15), 0, 1))
    crowned = not implants or bridge or bool(rng.random() < config.restore_implant_crowns)
    for value in run:
        window = tooth_window(labels == value)
        tooth, image = labels[window] == value, result[window]
        if np.count_nonzero(tooth) < MIN_PIXELS:
            continue
        axes = tooth_axes(tooth, upper=classes[value - 1] // 10 in (1, 2, 5, 6))
        neck = float(rng.uniform(0.3, 0.5))
        if implants and not bridge:
            _draw_implant(image, axes, neck, metal * rng.uniform(0.75, 1.0), rng)
        elif not implants and rng.random() < config.restore_posts:
            _draw_post(image, axes, neck, metal * rng.uniform(0.7, 1.0), rng)
        if crowned:
            _draw_crown(image, tooth, axes, neck, metal * rng.uniform(0.85, 1.05))
    return result, remaining


def tooth_window(tooth: BoolArray) -> tuple[slice, slice]:
    """Rows and columns that hold the tooth and all that may be drawn in its place."""
    rows, cols = np.flatnonzero(tooth.any(axis=1)), np.flatnonzero(tooth.any(axis=0))
    # The longest implant ends a tenth of the tooth's length below its root.
    margin = 4 + (np.ptp(rows) + np.ptp(cols)) // 6
    return (
        slice(max(rows[0] - margin, 0), rows[-1] + margin + 1),
        slice(max(cols[0] - margin, 0), cols[-1] + margin + 1),
    )


@dataclass(frozen=True)
class Axes:
    """Coordinates of a window's pixels relative to a tooth's long axis, in pixels.

    `along` (height, width) is 0 at the crown's end and `length` at the root's tip; `aside` (height,
    width) is 0 on the axis. `width` is the tooth's extent across the axis.
    """

    along: Float32Array
    aside: Float32Array
    length: float
    width: float


def _draw_implant(
    image: FloatImage, axes: Axes, neck: float, metal: float, rng: np.random.Generator
) -> None:
    """Draws a screw from `neck` (share of the length) to about the root's tip."""
    length = axes.length
    start, tip = neck * length, rng.uniform(0.8, 1.1) * length
    half = np.clip(rng.uniform(0.16, 0.28) * axes.width, 1.2, max(0.12 * length, 1.2))
    pitch = rng.uniform(0.05, 0.1) * length
    taper = 1 - rng.uniform(0.1, 0.5) * np.clip((axes.along - start) / (tip - start), 0, 1)
    thread = 1 + rng.uniform(0, 0.25) * np.sin(2 * np.pi * axes.along / pitch)
    _paint(image, rod(axes, half * taper * thread, start, tip), metal)


def _draw_post(
    image: FloatImage, axes: Axes, neck: float, metal: float, rng: np.random.Generator
) -> None:
    """Draws a thin line of metal or filling material in the root."""
    start, tip = neck * axes.length, rng.uniform(0.6, 0.95) * axes.length
    half = rng.uniform(0.03, 0.08) * axes.width
    _paint(image, rod(axes, half, start, tip), metal)


def _draw_crown(image: FloatImage, tooth: BoolArray, axes: Axes, neck: float, metal: float) -> None:
    """Draws metal on the whole tooth above its neck."""
    import cv2

    cover = tooth * soft((neck + 0.05) * axes.length - axes.along)
    _paint(image, cv2.GaussianBlur(cover.astype(np.float32), (0, 0), 0.7), metal)


def rod(axes: Axes, half: Float32Array | float, start: float, tip: float) -> Float32Array:
    """Share of each pixel that a rod along the axis covers; `half` is half the rod's width."""
    cover = soft(half - np.abs(axes.aside))
    return cover * soft(axes.along - start) * soft(tip - axes.along)


def tooth_axes(tooth: BoolArray, upper: bool) -> Axes:
    """The axes of a tooth's mask: the first principal component points from crown to root."""
    rows, cols = np.nonzero(tooth)
    middle = np.array([cols.mean(), rows.mean()])
    spread = np.cov(cols, rows)
    axis = np.linalg.eigh(spread)[1][:, 1]
    # In the upper jaw roots point up, towards smaller rows.
    axis = axis if (axis[1] < 0) == upper else -axis
    x = np.arange(tooth.shape[1], dtype=np.float32)[None] - np.float32(middle[0])
    y = np.arange(tooth.shape[0], dtype=np.float32)[:, None] - np.float32(middle[1])
    along = np.float32(axis[0]) * x + np.float32(axis[1]) * y
    aside = np.float32(axis[1]) * x - np.float32(axis[0]) * y
    start, end = along[tooth].min(), along[tooth].max()
    return Axes(along - start, aside, float(end - start), float(np.ptp(aside[tooth])))


def soft(inside: npt.NDArray[np.floating]) -> Float32Array:
    """Distance inside an edge, in pixels -> covered share of the pixel, 0 to 1."""
    return np.clip(inside + np.float32(0.5), 0, 1).astype(np.float32)


def _paint(image: FloatImage, cover: Float32Array, value: float) -> None:
    """Blends a grey value into the image, by the share of each pixel that is covered."""
    image += cover * (np.float32(min(value, 1.0)) - image)
