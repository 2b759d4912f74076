"""Augmentation: removes runs of neighbouring teeth.

Most numbering errors stand beside a gap, and data holds few gaps. A removed tooth is filled with
the background around it, and its neighbours keep their numbers, so the network does not infer
numbers by counting. In some of the gaps the teeth behind move in, as they do in life.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.dentition import ARCHES, DECIDUOUS_ARCHES
from panodent.training.augmentation.config import AugmentConfig
from panodent.utils.arrays import BoolArray, Float32Array, FloatImage


def remove_teeth(
    pixels: FloatImage,
    labels: npt.NDArray[np.uint8],
    classes: Sequence[int],
    config: AugmentConfig,
    rng: np.random.Generator,
) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
    """Removes runs of neighbouring teeth from an image and its labels.

    Parameters
    ----------
    pixels : float32 (height, width) in [0, 1].
    labels : uint8 (height, width), value c is the tooth `classes[c - 1]`, 0 is no tooth.
    classes : FDI numbers.
    config : the settings that begin with `extract_`.

    Returns new arrays of the same shapes and types; without teeth, the given ones.
    """
    for _ in range(min(int(rng.geometric(config.extract_runs_p)), config.extract_max_runs)):
        run = choose_run(labels, classes, config, rng)
        if not run:
            break
        before = labels
        pixels, labels = fill_with_background(pixels, labels, run, config.extract_reach, rng)
        if rng.random() < config.extract_close:
            missing = [classes[value - 1] for value in run]
            gap = before != labels
            pixels, labels = _close_gap(pixels, labels, gap, missing, classes, rng)
    return pixels, labels


def fill_with_background(
    pixels: FloatImage,
    labels: npt.NDArray[np.uint8],
    run: Sequence[int],
    reach: float,
    rng: np.random.Generator,
) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
    """Replaces the teeth with the class values `run` by the background around them.

    The filling is a Gaussian mean of the background, of standard deviation `reach` times the
    image's height, with noise as strong as the background's. Returns new pixels and labels.
    """
    import cv2

    removed = np.isin(labels, run)
    # The outline is half tooth, half bone: it is filled too, but not inside the neighbours.
    wide = cv2.dilate(removed.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    hole = (wide & (labels == 0)) | removed
    background = ((labels == 0) & ~wide).astype(np.float32)
    sigma = max(reach * pixels.shape[0], 2.0)
    weight = wide_blur(background, sigma)
    smooth = wide_blur(pixels * background, sigma) / np.maximum(weight, 1e-4)
    noise = pixels - cv2.GaussianBlur(pixels, (0, 0), 1.5)
    noise_sd = float(noise[background > 0].std()) if background.any() else 0.0
    filling = smooth + rng.standard_normal(pixels.shape, np.float32) * np.float32(noise_sd)
    share = np.where(hole, cv2.GaussianBlur(hole.astype(np.float32), (0, 0), 1.0), 0)
    share = np.clip(share * 1.6, 0, 1)
    result = np.clip(pixels + (filling - pixels) * share, 0, 1).astype(np.float32)
    return result, np.where(removed, 0, labels).astype(np.uint8)


def wide_blur(plane: FloatImage, sigma: float) -> FloatImage:
    """A Gaussian blur of large `sigma` (pixels), computed on a shrunk plane to save time."""
    import cv2

    shrunk = max(int(sigma // 3), 1)
    size = (max(plane.shape[1] // shrunk, 1), max(plane.shape[0] // shrunk, 1))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrunk)
    return np.asarray(cv2.resize(small, plane.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _close_gap(
    pixels: FloatImage,
    labels: npt.NDArray[np.uint8],
    gap: BoolArray,
    missing: Sequence[int],
    classes: Sequence[int],
    rng: np.random.Generator,
) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
    """Moves the teeth behind a gap towards the midline, by a part of the gap's width.

    `gap` marks the removed pixels, `missing` holds the removed FDI numbers. One map moves pixels
    and labels together; only the gap's own arch moves. A gap across the midline stays open.
    """
    import cv2

    quadrants = {fdi // 10 for fdi in missing}
    last = max(fdi % 10 for fdi in missing)
    behind = [
        value
        for value, fdi in enumerate(classes, start=1)
        if fdi // 10 in quadrants and fdi % 10 > last
    ]
    moving = np.isin(labels, behind)
    if len(quadrants) > 1 or max(quadrants) > 4 or not moving.any():
        return pixels, labels
    outwards = 1 if next(iter(quadrants)) in (2, 3) else -1
    cols = np.flatnonzero(gap.any(axis=0)) * outwards
    width = float(np.ptp(cols)) + 1
    far = float((np.flatnonzero(moving.any(axis=0)) * outwards).max() - cols.min())
    # Teeth move by about their own width at most, however wide the gap is.
    by = width * min(rng.uniform(0.2, 0.9), 1.2 / len(missing))
    away = (np.arange(labels.shape[1]) * outwards - cols.min()).astype(np.float32)
    # Maps the new distance from the gap's inner edge to the old one: the gap is squeezed, the teeth
    # behind it move, and places far behind all teeth stay.
    knots = [-1.0, 0.0, width - by, far - by, far + 3 * by]
    before = np.interp(away, knots, [-1.0, 0.0, width, far, far + 3 * by])
    moved = np.where((away < 0) | (away > knots[-1]), 0, before - away) * outwards
    rows = _arch_weight(labels, moving | gap, next(iter(quadrants)) < 3, classes)
    x = np.arange(labels.shape[1], dtype=np.float32)[None] + rows[:, None] * moved[None]
    y = np.repeat(np.arange(labels.shape[0], dtype=np.float32)[:, None], labels.shape[1], axis=1)
    x = x.astype(np.float32)
    return (
        cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        cv2.remap(labels, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE),
    )


def _arch_weight(
    labels: npt.NDArray[np.uint8],
    region: BoolArray,
    upper: bool,
    classes: Sequence[int],
) -> Float32Array:
    """(height,) 1 in the rows of one arch, 0 in those of the other, in the columns of `region`."""
    other = [v for v, fdi in enumerate(classes, start=1) if (fdi // 10 in (1, 2, 5, 6)) != upper]
    cols = region.any(axis=0)
    own = np.flatnonzero(region.any(axis=1))
    opposite = np.flatnonzero(np.isin(labels[:, cols], other).any(axis=1))
    if upper:
        edge = (own.max() + (opposite.min() if opposite.size else own.max() + 8)) / 2
    else:
        edge = (own.min() + (opposite.max() if opposite.size else own.min() - 8)) / 2
    side = (edge - np.arange(labels.shape[0])) * (1 if upper else -1)
    soft = max(0.03 * labels.shape[0], 1.0)
    return np.clip(side / soft + 0.5, 0, 1).astype(np.float32)


def choose_run(
    labels: npt.NDArray[np.uint8],
    classes: Sequence[int],
    config: AugmentConfig,
    rng: np.random.Generator,
) -> list[int]:
    """Class values of neighbouring teeth of one arch, chosen at random among those present.

    Absent teeth do not interrupt a run. The list is empty when no tooth is present.
    """
    present = set(np.flatnonzero(np.bincount(labels.ravel())).tolist())
    value_of = {fdi: value for value, fdi in enumerate(classes, start=1)}
    arches = [
        [value_of[fdi] for fdi in arch if value_of.get(fdi) in present]
        for arch in (*ARCHES, *DECIDUOUS_ARCHES)
    ]
    arches = [arch for arch in arches if arch]
    if not arches:
        return []
    arch = arches[int(rng.integers(len(arches)))]
    drawn = int(rng.geometric(config.extract_length_p))
    length = min(drawn, config.extract_max_length, len(arch))
    first = int(rng.integers(0, len(arch) - length + 1))
    return arch[first : first + length]
