"""Crowns, posts and implants put where teeth are: metal above and in roots, and metal alone.

A crown on an implant looks much like one on a root, and only the latter is a tooth. Few
radiographs show implants, so networks paint them; more are made of both kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.training.augmentation.tooth_removal import neighbours, without
from panodent.utils.arrays import Float32Array, FloatImage

IMPLANTS = 0.5
"""How often a run of teeth becomes implants; else it keeps its roots and gets crowns."""
PONTICS = 0.35
"""How often, instead of implants, the inner teeth of a run become pontics of a bridge."""
CROWNED = 0.75
"""How often the implants of a run bear crowns."""
POST = 0.4
"""How often a crowned root has a post or a filled canal."""
FEWEST = 24
"""A tooth of fewer pixels has no shape that metal could take."""


def restored(
    pixels: FloatImage,
    labels: npt.NDArray[np.uint8],
    classes: Sequence[int],
    rng: np.random.Generator,
) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
    """A run of neighbouring teeth crowned, or replaced by implants, which labels lose.

    Takes and returns what `panodent.training.augmentation.tooth_removal.extracted` does.
    """
    run = neighbours(labels, classes, rng)
    if not run:
        return pixels, labels
    implants = bool(rng.random() < IMPLANTS)
    bridge = implants and bool(rng.random() < PONTICS)
    lost = run[1:-1] if bridge and len(run) > 2 else run
    result, left = without(pixels, labels, lost, rng) if implants else (pixels.copy(), labels)
    metal = float(np.clip(np.percentile(pixels, 99.5) * rng.uniform(0.9, 1.15), 0, 1))
    crowned = not implants or bridge or bool(rng.random() < CROWNED)
    for value in run:
        around = _surroundings(labels == value)
        tooth, near = labels[around] == value, result[around]
        if np.count_nonzero(tooth) < FEWEST:
            continue
        axes = _axes(tooth, upper=classes[value - 1] // 10 in (1, 2, 5, 6))
        neck = float(rng.uniform(0.3, 0.5))
        if bridge:
            pass
        elif implants:
            _screw(near, axes, neck, metal * rng.uniform(0.75, 1.0), rng)
        elif rng.random() < POST:
            _post(near, axes, neck, metal * rng.uniform(0.7, 1.0), rng)
        if crowned:
            _crown(near, tooth, axes, neck, metal * rng.uniform(0.85, 1.05))
    return result, left


def _surroundings(tooth: npt.NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns that the tooth and whatever is drawn in its place lie in."""
    rows, cols = np.flatnonzero(tooth.any(axis=1)), np.flatnonzero(tooth.any(axis=0))
    # The longest screw ends a tenth of the tooth's length below its root.
    margin = 4 + (np.ptp(rows) + np.ptp(cols)) // 6
    return (
        slice(max(rows[0] - margin, 0), rows[-1] + margin + 1),
        slice(max(cols[0] - margin, 0), cols[-1] + margin + 1),
    )


@dataclass(frozen=True)
class Axes:
    """Each pixel's place along a tooth, 0 at the crown's end, and aside of it; all in pixels."""

    along: Float32Array
    aside: Float32Array
    length: float
    width: float


def _screw(
    image: FloatImage, axes: Axes, neck: float, metal: float, rng: np.random.Generator
) -> None:
    """An implant from the neck (a share of the length) to about the root's tip."""
    length = axes.length
    start, tip = neck * length, rng.uniform(0.8, 1.1) * length
    half = np.clip(rng.uniform(0.16, 0.28) * axes.width, 1.2, max(0.12 * length, 1.2))
    pitch = rng.uniform(0.05, 0.1) * length
    taper = 1 - rng.uniform(0.1, 0.5) * np.clip((axes.along - start) / (tip - start), 0, 1)
    thread = 1 + rng.uniform(0, 0.25) * np.sin(2 * np.pi * axes.along / pitch)
    _paint(image, _rod(axes, half * taper * thread, start, tip), metal)


def _post(
    image: FloatImage, axes: Axes, neck: float, metal: float, rng: np.random.Generator
) -> None:
    """A thin line of metal or filling in the root."""
    start, tip = neck * axes.length, rng.uniform(0.6, 0.95) * axes.length
    half = rng.uniform(0.03, 0.08) * axes.width
    _paint(image, _rod(axes, half, start, tip), metal)


def _crown(
    image: FloatImage, tooth: npt.NDArray[np.bool_], axes: Axes, neck: float, metal: float
) -> None:
    """Metal all over the tooth above its neck."""
    import cv2

    cover = tooth * _soft((neck + 0.05) * axes.length - axes.along)
    _paint(image, cv2.GaussianBlur(cover.astype(np.float32), (0, 0), 0.7), metal)


def _rod(axes: Axes, half: Float32Array | float, start: float, tip: float) -> Float32Array:
    """How much of each pixel lies in a rod along the axis, `half` its width to either side."""
    cover = _soft(half - np.abs(axes.aside))
    return cover * _soft(axes.along - start) * _soft(tip - axes.along)


def _axes(tooth: npt.NDArray[np.bool_], upper: bool) -> Axes:
    rows, cols = np.nonzero(tooth)
    middle = np.array([cols.mean(), rows.mean()])
    spread = np.cov(cols, rows)
    axis = np.linalg.eigh(spread)[1][:, 1]
    # From crown to root: up in the upper jaw, where rows count downwards.
    axis = axis if (axis[1] < 0) == upper else -axis
    x = np.arange(tooth.shape[1], dtype=np.float32)[None] - np.float32(middle[0])
    y = np.arange(tooth.shape[0], dtype=np.float32)[:, None] - np.float32(middle[1])
    along = np.float32(axis[0]) * x + np.float32(axis[1]) * y
    aside = np.float32(axis[1]) * x - np.float32(axis[0]) * y
    start, end = along[tooth].min(), along[tooth].max()
    return Axes(along - start, aside, float(end - start), float(np.ptp(aside[tooth])))


def _soft(inside: npt.NDArray[np.floating]) -> Float32Array:
    """1 inside, 0 outside, an edge of a pixel between: how much of a pixel is covered."""
    return np.clip(inside + np.float32(0.5), 0, 1).astype(np.float32)


def _paint(image: FloatImage, cover: Float32Array, value: float) -> None:
    image += cover * (np.float32(min(value, 1.0)) - image)
