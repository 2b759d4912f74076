"""Pastes teeth of one radiograph into another, with a soft edge and matched grey values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.training.augmentation.tooth_removal import fill_with_background, wide_blur
from panodent.utils.arrays import BoolArray, ClassImage, Float32Array, FloatImage

SURROUNDINGS = 0.45
"""Share of the teeth's longer side that is looked at around them."""
KEPT = 0.85
"""Share of each pasted tooth that must remain visible beside the teeth that stay."""
FILL_REACH = 0.05
"""Standard deviation of the filling below what is pasted, as a share of its window's height."""
CONTRAST = (0.7, 1.4)
"""Least and largest factor by which contrast is changed."""
OFFSET = 0.2
"""Largest change of grey values at the edge of what is pasted."""


@dataclass(frozen=True)
class Place:
    """Where teeth are taken from and come to.

    box : (top, left, bottom, right) of the teeth in the source, in pixels.
    source, target : (row, column) of the point that both have in common, in pixels of each.
    scale : target pixels per source pixel, along rows and columns.
    mirrored : whether left and right are exchanged.
    """

    box: tuple[int, int, int, int]
    source: tuple[float, float]
    target: tuple[float, float]
    scale: tuple[float, float]
    mirrored: bool


def paste(
    source: tuple[npt.NDArray[np.uint8], ClassImage],
    target: tuple[FloatImage, ClassImage],
    place: Place,
    values: Mapping[int, int],
    replaced: Sequence[int],
    rng: np.random.Generator,
) -> bool:
    """Pastes teeth into `target`, (pixels float32 in [0, 1], class image), in place.

    `source` is (pixels uint8, class image); `values` maps the class values that are taken from it
    to those that they become; the teeth with the values `replaced` are removed from the target. All
    other teeth of the target stay, in front. False, and nothing changed, where the teeth would
    leave the image or less than `KEPT` of one would be visible.
    """
    donor = _donor(source, place)
    pixels, labels = target
    height, width = labels.shape
    grey, classes, (top, left) = donor
    rows = slice(max(top, 0), min(top + grey.shape[0], height))
    cols = slice(max(left, 0), min(left + grey.shape[1], width))
    inside = (
        slice(rows.start - top, rows.stop - top),
        slice(cols.start - left, cols.stop - left),
    )
    own = _among(classes, values)
    if rows.stop <= rows.start or cols.stop <= cols.start:
        return False
    area = own.sum()
    grey, classes, own = grey[inside], classes[inside], own[inside]
    if own.sum() < area:
        return False
    old = _among(labels[rows, cols], replaced)
    keep = (labels[rows, cols] > 0) & ~old
    share = _share(own, old, keep, (classes > 0) & ~own)
    shown = own & (share >= 0.5)
    before = np.bincount(classes[own], minlength=256)
    after = np.bincount(classes[shown], minlength=256)
    if any(after[value] < max(KEPT * before[value], 1) for value in values):
        return False
    matched = _matched(grey, pixels[rows, cols], share)
    _clear(pixels, labels, replaced, (rows, cols), rng)
    window = pixels[rows, cols]
    matched += _seam(matched, window, share, keep | ((classes > 0) & ~own))
    window += share * (np.clip(matched, 0, 1) - window)
    lookup = np.zeros(256, np.uint8)
    lookup[list(values)] = list(values.values())
    labels[rows, cols][shown] = lookup[classes[shown]]
    return True


def _donor(
    source: tuple[npt.NDArray[np.uint8], ClassImage], place: Place
) -> tuple[FloatImage, ClassImage, tuple[int, int]]:
    """Pixels in [0, 1] and classes of the teeth and what is around them, at the target's scale.

    The third item is the (row, column) of the first pixel in the target.
    """
    import cv2

    top, left, bottom, right = place.box
    # The sides of the box as long as they are in the target.
    tall, wide = (bottom - top) * place.scale[0], (right - left) * place.scale[1]
    around = SURROUNDINGS * max(tall, wide)
    up, aside = (int(np.ceil(around / scale)) for scale in place.scale)
    top, left = max(top - up, 0), max(left - aside, 0)
    bottom = min(bottom + up, source[1].shape[0])
    right = min(right + aside, source[1].shape[1])
    row = (place.source[0] - top) * place.scale[0]
    col = (place.source[1] - left) * place.scale[1]
    size = (
        max(round((right - left) * place.scale[1]), 1),
        max(round((bottom - top) * place.scale[0]), 1),
    )
    pixels, classes = (image[top:bottom, left:right] for image in source)
    shrinks = place.scale[0] * place.scale[1] < 1
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    pixels = cv2.resize(pixels, size, interpolation=method).astype(np.float32) / np.float32(255)
    classes = cv2.resize(classes, size, interpolation=cv2.INTER_NEAREST)
    if place.mirrored:
        pixels, classes, col = pixels[:, ::-1], classes[:, ::-1], size[0] - col
    return pixels, classes, (round(place.target[0] - row), round(place.target[1] - col))


def _among(classes: ClassImage, values: Iterable[int]) -> BoolArray:
    """Which pixels have one of the class values; a table is faster than `numpy.isin`."""
    table = np.zeros(256, bool)
    table[list(values)] = True
    return table[classes]


def _share(own: BoolArray, old: BoolArray, keep: BoolArray, alien: BoolArray) -> Float32Array:
    """Share of each pixel that is pasted, 0 to 1.

    All of the teeth (`own`), of what lies between them and of what is near them on the teeth that
    they replace (`old`); nothing on the target's other teeth (`keep`) nor of the source's
    (`alien`).
    """
    import cv2

    soft = max(own.shape[1] / 60, 1.0)
    outlines, _ = cv2.findContours(own.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.convexHull(np.concatenate(outlines))
    region = cv2.fillConvexPoly(np.zeros(own.shape, np.uint8), hull, 1)
    near, far = (np.ones((2 * round(reach * soft) + 1,) * 2, np.uint8) for reach in (2, 6))
    covered = cv2.dilate(region, far) & cv2.dilate(old.view(np.uint8), near)
    region = (cv2.dilate(region, near) | covered).astype(np.float32)
    others = cv2.dilate((keep | (alien & ~own)).astype(np.uint8), np.ones((3, 3), np.uint8))
    others[own & ~keep] = 0
    region[others > 0] = 0
    share = np.asarray(cv2.GaussianBlur(region, (0, 0), soft))
    # Full inside, and zero at the border of the window and on teeth that are not pasted.
    share = np.clip(2 * share - np.float32(0.5), 0, 1)
    share[own] = np.maximum(share[own], 0.75)
    share[keep] = 0
    share[alien & ~own & ~old] = 0
    for edge in (share[:1], share[-1:], share[:, :1], share[:, -1:]):
        edge[...] = 0
    return np.asarray(cv2.GaussianBlur(share, (0, 0), 0.7))


def _clear(
    pixels: FloatImage,
    labels: ClassImage,
    replaced: Sequence[int],
    window: tuple[slice, slice],
    rng: np.random.Generator,
) -> None:
    """Removes teeth from the target, in place, and fills them with background."""
    there = _among(labels, replaced)
    rows, cols = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    margin = (window[0].stop - window[0].start) // 4
    top = min(int(rows[0]) - margin, window[0].start)
    left = min(int(cols[0]) - margin, window[1].start)
    bottom = max(int(rows[-1]) + margin, window[0].stop)
    right = max(int(cols[-1]) + margin, window[1].stop)
    part = (slice(max(top, 0), bottom), slice(max(left, 0), right))
    pixels[part], labels[part] = fill_with_background(
        pixels[part], labels[part], replaced, FILL_REACH, rng
    )


def _matched(grey: FloatImage, window: FloatImage, share: Float32Array) -> FloatImage:
    """Grey values of the source with the median and contrast of what they replace.

    Percentiles are not moved by metal, as the mean and the standard deviation are.
    """
    inside = share > 0.5
    (low, middle, high), (dark, centre, bright) = (
        np.percentile(part[inside][::3], (10, 50, 90)) for part in (grey, window)
    )
    contrast = float(np.clip((bright - dark) / max(high - low, 1e-3), *CONTRAST))
    return (grey - np.float32(middle)) * np.float32(contrast) + np.float32(centre)


def _seam(
    matched: FloatImage, window: FloatImage, share: Float32Array, teeth: BoolArray
) -> FloatImage:
    """What to add so that no edge is seen: the difference around what is pasted, made smooth."""
    edge = ((share < 0.5) & ~teeth).astype(np.float32)
    sigma = max(0.12 * min(share.shape), 2.0)
    weight = wide_blur(edge, sigma)
    difference = wide_blur((window - matched) * edge, sigma) / np.maximum(weight, 1e-2)
    return np.clip(difference, -OFFSET, OFFSET)
