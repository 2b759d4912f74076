"""Taking teeth out of a radiograph: gaps that the data lacks, with truth that stays true.

Most numbering errors stand beside a gap. Filling runs of teeth with the local background makes
more gaps, and the neighbours keep their numbers: the network learns not to count. In life the
teeth behind a gap move into it; half of the gaps made here are closed so, more or less.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from panodent.dentition import ARCH_ORDER
from panodent.utils.arrays import FloatImage

ARCHES = (ARCH_ORDER[:16], ARCH_ORDER[16:])
DECIDUOUS_ARCHES = ((55, 54, 53, 52, 51, 61, 62, 63, 64, 65), (75, 74, 73, 72, 71, 81, 82, 83, 84, 85))
LONGEST = 6
"""At most this many neighbouring teeth are taken out at once."""
RUNS = 8
"""At most so many times: a jaw with a few teeth left is rare in data, and numbered worst."""
CLOSING = 0.5
"""How often the teeth behind a new gap move into it."""
REACH = 0.04
"""How far the background is looked for, as a share of the image's height (standard deviation)."""


def extracted(
    pixels: FloatImage,
    labels: npt.NDArray[np.uint8],
    classes: Sequence[int],
    rng: np.random.Generator,
) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
    """Runs of neighbouring teeth replaced by background, most often one or two; labels follow.

    `pixels` is float32 (height, width) in [0, 1]; `labels` its class image, value c the tooth
    `classes[c - 1]`. Without teeth both come back as they are.
    """
    for _ in range(min(int(rng.geometric(0.5)), RUNS)):
        run = neighbours(labels, classes, rng)
        if not run:
            break
        before = labels
        pixels, labels = without(pixels, labels, run, rng)
        if rng.random() < CLOSING:
            missing = [classes[value - 1] for value in run]
            gap = before != labels
            pixels, labels = _closed(pixels, labels, gap, missing, classes, rng)
    return pixels, labels


def without(
    pixels: FloatImage,
    labels: npt.NDArray[np.uint8],
    run: Sequence[int],
    rng: np.random.Generator,
) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
    """Pixels and labels with the background around them in place of the teeth of a run."""
    import cv2

    gone = np.isin(labels, run)
    # The outline is half tooth, half bone: take it along, but not into the neighbours.
    wide = cv2.dilate(gone.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    hole = (wide & (labels == 0)) | gone
    background = ((labels == 0) & ~wide).astype(np.float32)
    sigma = max(REACH * pixels.shape[0], 2.0)
    weight = _far_blurred(background, sigma)
    smooth = _far_blurred(pixels * background, sigma) / np.maximum(weight, 1e-4)
    grain = pixels - cv2.GaussianBlur(pixels, (0, 0), 1.5)
    spread = float(grain[background > 0].std()) if background.any() else 0.0
    filling = smooth + rng.standard_normal(pixels.shape, np.float32) * np.float32(spread)
    share = np.where(hole, cv2.GaussianBlur(hole.astype(np.float32), (0, 0), 1.0), 0)
    share = np.clip(share * 1.6, 0, 1)
    result = np.clip(pixels + (filling - pixels) * share, 0, 1).astype(np.float32)
    return result, np.where(gone, 0, labels).astype(np.uint8)


def _far_blurred(plane: FloatImage, sigma: float) -> FloatImage:
    """A Gaussian blur of many pixels, made where few are left: nothing fine outlives it."""
    import cv2

    shrunk = max(int(sigma // 3), 1)
    size = (max(plane.shape[1] // shrunk, 1), max(plane.shape[0] // shrunk, 1))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrunk)
    return np.asarray(cv2.resize(small, plane.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _closed(
    pixels: FloatImage,
    labels: npt.NDArray[np.uint8],
    gap: npt.NDArray[np.bool_],
    missing: Sequence[int],
    classes: Sequence[int],
    rng: np.random.Generator,
) -> tuple[FloatImage, npt.NDArray[np.uint8]]:
    """The teeth behind the gap moved towards the midline, by a part of the gap's width.

    One map moves pixels and labels, so truth stays true; only the gap's own arch moves.
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
    # Teeth move by about their own width at most, however wide the gap.
    by = width * min(rng.uniform(0.2, 0.9), 1.2 / len(missing))
    away = (np.arange(labels.shape[1]) * outwards - cols.min()).astype(np.float32)
    # Distance from the gap's inner edge now -> before: the gap is squeezed, what lies behind it
    # moves, and far behind all is as it was.
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
    place: npt.NDArray[np.bool_],
    upper: bool,
    classes: Sequence[int],
) -> npt.NDArray[np.float32]:
    """(height,) 1 in the rows of an arch, 0 in those of the other, near the columns of `place`."""
    other = [v for v, fdi in enumerate(classes, start=1) if (fdi // 10 in (1, 2, 5, 6)) != upper]
    cols = place.any(axis=0)
    own = np.flatnonzero(place.any(axis=1))
    against = np.flatnonzero(np.isin(labels[:, cols], other).any(axis=1))
    if upper:
        edge = (own.max() + (against.min() if against.size else own.max() + 8)) / 2
    else:
        edge = (own.min() + (against.max() if against.size else own.min() - 8)) / 2
    side = (edge - np.arange(labels.shape[0])) * (1 if upper else -1)
    soft = max(0.03 * labels.shape[0], 1.0)
    return np.clip(side / soft + 0.5, 0, 1).astype(np.float32)


def neighbours(
    labels: npt.NDArray[np.uint8], classes: Sequence[int], rng: np.random.Generator
) -> list[int]:
    """Class values of a few neighbours along one arch, chosen at random among those present."""
    present = set(np.flatnonzero(np.bincount(labels.ravel())).tolist())
    value_of = {fdi: value for value, fdi in enumerate(classes, start=1)}
    arches = [[value_of[fdi] for fdi in arch if value_of.get(fdi) in present] for arch in (*ARCHES, *DECIDUOUS_ARCHES)]
    arches = [arch for arch in arches if arch]
    if not arches:
        return []
    arch = arches[int(rng.integers(len(arches)))]
    length = min(int(rng.geometric(0.45)), LONGEST, len(arch))
    first = int(rng.integers(0, len(arch) - length + 1))
    return arch[first : first + length]
