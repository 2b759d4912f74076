"""The picture of a phantom: teeth of `shapes` at `arches`' places before the jaws of `jaws`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from panodent.phantom.arches import Place, child_places, places
from panodent.phantom.jaws import Canvas, background
from panodent.phantom.shapes import Points, Shape, shape
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.masks import bounding_box
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray, Float32Array

MIN_SIDE = 64
OVERLAP = 0.35
"""How much a tooth behind another one adds to the picture: film and screen saturate."""
MARGIN = 6.0
"""How far around a tooth its picture reaches, in units."""


HEAVY = (-0.09, -0.1, -0.05, -0.01, 0.02, 0.1, 0.12, 0.15)
"""What a tooth adds beyond the usual, by position: molars are thick, incisors thin."""


@dataclass(frozen=True)
class Drawn:
    """One tooth in its crop: corner (top, left), mask, what it adds to the grey value, metal."""

    corner: tuple[int, int]
    mask: BoolArray
    adds: Float32Array
    metal: BoolArray


def render(
    seed: int, size: tuple[int, int], missing: Collection[int] | None, age: float | None = None
) -> tuple[Radiograph, Teeth]:
    """See `panodent.phantom.draw`."""
    rng = np.random.default_rng(seed)
    standing = places(rng, missing) if age is None else child_places(rng, age)
    if missing and age is not None:
        standing = [place for place in standing if place.fdi not in missing]
    image, bone = background(size, standing, rng)
    canvas = Canvas(size)
    items, drawn = [], []
    for place in standing:
        tooth = _tooth(canvas, place, shape(place, rng), rng)
        if tooth is None:
            continue
        drawn.append(tooth)
        items.append((place.fdi, tooth.mask, tooth.corner))
    image += _together(drawn, size) * (0.6 + 0.4 * (1 - bone))
    for tooth in drawn:
        crop = image[_window(tooth)]
        crop[tooth.metal] = np.maximum(crop[tooth.metal], 1.02)
    image = _exposed(canvas, image, rng)
    return Radiograph(image, None), Teeth.from_masks(size, items).sorted()


def _together(drawn: list[Drawn], size: tuple[int, int]) -> Float32Array:
    """What the teeth add: where two lie behind each other, the lesser counts for a part only."""
    most, total = np.zeros(size, np.float32), np.zeros(size, np.float32)
    for tooth in drawn:
        window = _window(tooth)
        total[window] += tooth.adds
        most[window] = np.where(np.abs(tooth.adds) > np.abs(most[window]), tooth.adds, most[window])
    return most + OVERLAP * (total - most)


def _window(tooth: Drawn) -> tuple[slice, slice]:
    (top, left), (height, width) = tooth.corner, tooth.mask.shape
    return slice(top, top + height), slice(left, left + width)


def _exposed(canvas: Canvas, image: Float32Array, rng: np.random.Generator) -> Float32Array:
    """Blur of the device, uneven exposure, noise, contrast: float32 in [0, 1]."""
    image = canvas.blurred(image, float(rng.uniform(0.5, 0.8)))
    image = image * (1 + 0.04 * canvas.grain(rng, 200))
    noise = rng.standard_normal(canvas.size, np.float32)
    image = image + 0.012 * cv2.GaussianBlur(noise, (0, 0), 0.7) * 1.6
    gamma = float(rng.uniform(0.92, 1.1))
    if rng.random() < 0.4:
        _marker(canvas, image)
    return np.clip(image, 0, 1).astype(np.float32) ** np.float32(gamma)


def _marker(canvas: Canvas, image: Float32Array) -> None:
    """The letter that says which side is the patient's right."""
    height, width = canvas.size
    letter = np.zeros(canvas.size, np.uint8)
    place, scale = (int(width * 0.02), int(height * 0.93)), max(height / 420, 0.3)
    stroke = max(round(height / 300), 1)
    cv2.putText(letter, "R", place, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, stroke, cv2.LINE_AA)
    np.maximum(image, letter.astype(np.float32) / 255, out=image)


# --- one tooth ---------------------------------------------------------------------------------


def _tooth(canvas: Canvas, place: Place, form: Shape, rng: np.random.Generator) -> Drawn | None:
    """A tooth in its crop; None when it lies outside the picture."""
    outlines = [_placed(points, place) for points in form.solids]
    extent = np.concatenate(outlines)
    low = np.floor((extent.min(axis=0) - MARGIN) * canvas.scale).astype(int)
    high = np.ceil((extent.max(axis=0) + MARGIN) * canvas.scale).astype(int)
    left, top = np.maximum(low, 0)
    right, bottom = np.minimum(high, canvas.size[::-1])
    if right <= left or bottom <= top:
        return None
    box = (int(top), int(left), int(bottom), int(right))
    mask = _filled(canvas, outlines, box)
    if bounding_box(mask > 0) is None:
        return None
    pulp = _filled(canvas, [_placed(points, place) for points in form.pulp], box)
    u, v = _own_coordinates(canvas, place, box)
    if place.formed < 1:
        mask, pulp = _cut(mask, pulp, u, v, place, rng)
        if bounding_box(mask > 0) is None:
            return None
    unit = float(canvas.scale.mean())
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5) / unit
    half = place.width / 2
    # A tooth is round: rays pass through more of it in the middle.
    thick = np.clip(depth / (0.75 * half), 0, 1)
    thick = np.sqrt(thick * (2 - thick))
    crown = _step(form.neck - v, 0.06)
    heavy = HEAVY[place.position - 1]
    adds = mask * (0.1 + (0.2 + heavy) * thick + crown * 0.06)
    enamel = crown * _step(0.13 - depth / place.width * (1 + 1.2 * v / form.neck), 0.05)
    adds += mask * 0.16 * enamel
    adds -= 0.12 * canvas.blurred((pulp & mask).astype(np.float32), 1.2)
    root = 1 - crown
    outside = (1 - mask).astype(np.float32)
    away = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5) / unit
    if place.buried:  # the follicle: a dark band with a bright border
        adds -= outside * 0.09 * np.exp(-((away - 2.5) ** 2) / 5)
        adds += outside * 0.05 * np.exp(-((away - 5.5) ** 2) / 1.5)
    else:
        adds -= outside * root * 0.07 * np.exp(-((away - 1.2) ** 2) / 1.2)
        adds += outside * root * 0.045 * np.exp(-((away - 3.4) ** 2) / 1.5)
    adds *= float(rng.normal(1, 0.06))
    metal = _restored(canvas, place, form, mask > 0, pulp > 0, u, v, depth, rng)
    metal &= not place.buried
    return Drawn((box[0], box[1]), mask > 0, adds.astype(np.float32), metal)


def _cut(
    mask: npt.NDArray[np.uint8],
    pulp: npt.NDArray[np.uint8],
    u: Float32Array,
    v: Float32Array,
    place: Place,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Mask and pulp of a tooth that is not fully formed, or whose root is partly resorbed.

    A growing root ends in an open funnel, a resorbed one in a ragged edge.
    """
    end = place.formed + 0.02 * np.sin(u * rng.uniform(4, 8) + rng.uniform(0, 6))
    there = v < end
    if not place.deciduous and place.formed > 0.3:
        funnel = np.abs(u) < 0.45 - (end - v) / 0.12 * 0.4
        there &= ~(funnel & (end - v < 0.12))
    return (mask * there).astype(np.uint8), (pulp * (v < end - 0.03)).astype(np.uint8)


def _placed(points: Points, place: Place) -> npt.NDArray[np.float64]:
    """Own coordinates (u, v) -> units (x, y)."""
    root = np.array(place.root)
    across = _across(place)
    u, v = points[:, :1], points[:, 1:]
    middle = np.array([place.x, place.y])
    return middle + root * (v - 0.5) * place.length + across * u * place.width / 2


def _across(place: Place) -> npt.NDArray[np.float64]:
    """Unit vector across the tooth, away from the midline."""
    x, y = place.root
    across = np.array([-y, x])
    return across if across[0] * place.outwards > 0 else -across


def _own_coordinates(
    canvas: Canvas, place: Place, box: tuple[int, int, int, int]
) -> tuple[Float32Array, Float32Array]:
    """(u, v) at each pixel of the box."""
    top, left, bottom, right = box
    x = (np.arange(left, right) + 0.5)[None] / canvas.scale[0] - place.x
    y = (np.arange(top, bottom) + 0.5)[:, None] / canvas.scale[1] - place.y
    root, across = place.root, _across(place)
    v = (x * root[0] + y * root[1]) / place.length + 0.5
    u = (x * across[0] + y * across[1]) / (place.width / 2)
    return u.astype(np.float32), v.astype(np.float32)


def _filled(
    canvas: Canvas, outlines: list[npt.NDArray[np.float64]], box: tuple[int, int, int, int]
) -> npt.NDArray[np.uint8]:
    """1 inside any of the outlines, in the crop."""
    plane = np.zeros((box[2] - box[0], box[3] - box[1]), np.uint8)
    corner = np.array([box[1], box[0]]) * 16
    for line in outlines:
        cv2.fillPoly(plane, [canvas.pixels(line) - corner], 1, shift=4)
    return plane


def _step(values: Float32Array, width: float) -> Float32Array:
    """0 below, 1 above zero, over this width."""
    return np.clip(values / width + 0.5, 0, 1).astype(np.float32)


def _restored(
    canvas: Canvas,
    place: Place,
    form: Shape,
    mask: BoolArray,
    pulp: BoolArray,
    u: Float32Array,
    v: Float32Array,
    depth: Float32Array,
    rng: np.random.Generator,
) -> BoolArray:
    """Where fillings, crowns and root fillings are."""
    metal = np.zeros(mask.shape, bool)
    back = place.position >= 4
    kind = rng.random()
    if kind < (0.2 if back else 0.04):
        centre, half, deep = rng.normal(0, 0.25), rng.uniform(0.3, 0.6), rng.uniform(0.1, 0.22)
        wave = 0.03 * np.sin(u * rng.uniform(4, 9) + rng.uniform(0, 6))
        metal |= (np.abs(u - centre) < half) & (v < deep + wave) & (depth > 0.8)
    elif kind < (0.24 if back else 0.06):
        metal |= v < form.neck - 0.04 + 0.02 * u**2
    if rng.random() < 0.05:
        canal = cv2.erode(pulp.astype(np.uint8), np.ones((2, 2), np.uint8)) > 0
        metal |= canal & (v > 0.3)
    return metal & mask
