"""Renders a phantom: teeth (`shapes`) at their positions (`arches`) on a background (`jaws`).

>>> radiograph, teeth = render(0, (64, 128), missing=[])
>>> radiograph.pixels.dtype, len(teeth)
(dtype('float32'), 32)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from panodent.phantom.arches import Placement, tooth_placements
from panodent.phantom.child import child_placements
from panodent.phantom.jaws import Canvas, background
from panodent.phantom.shapes import Points, ToothShape, tooth_shape
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.findings import Findings
from panodent.teeth.masks import bounding_box
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray, Float32Array

MIN_SIDE = 64
"""Smallest height and width of a phantom in pixels."""
OVERLAP = 0.35
"""Share of its brightness with which a tooth counts where it overlaps a brighter one."""
MARGIN = 6.0
"""Width of the border around a tooth in which its image changes the background, in units."""
EXTRA_BRIGHTNESS = (-0.09, -0.1, -0.05, -0.01, 0.02, 0.1, 0.12, 0.15)
"""Brightness of a tooth beyond the average, by position: molars are thick, incisors thin."""


@dataclass(frozen=True)
class RenderedTooth:
    """One tooth in its crop of the image.

    Attributes
    ----------
    corner : (top, left) of the crop in pixels.
    mask : (h, w) bool.
    brightness : (h, w) float32, added to the grey values.
    metal : kind of finding -> (h, w) bool, where restorations of metal are.
    """

    corner: tuple[int, int]
    mask: BoolArray
    brightness: Float32Array
    metal: Mapping[str, BoolArray]


def render(
    seed: int, size: tuple[int, int], missing: Collection[int] | None, age: float | None = None
) -> tuple[Radiograph, Teeth]:
    """The radiograph and its teeth; arguments are those of `panodent.phantom.draw`, unchecked."""
    return render_all(seed, size, missing, age)[:2]


def render_all(
    seed: int, size: tuple[int, int], missing: Collection[int] | None, age: float | None = None
) -> tuple[Radiograph, Teeth, Findings]:
    """As `render`, with the fillings, crowns and root fillings that are drawn."""
    rng = np.random.default_rng(seed)
    if age is None:
        placements = tooth_placements(rng, missing)
    else:
        placements = [p for p in child_placements(rng, age) if p.fdi not in (missing or ())]
    image, bone = background(size, placements, rng)
    canvas = Canvas(size)
    items, rendered = [], []
    for placement in placements:
        tooth = _tooth(canvas, placement, tooth_shape(placement, rng), rng)
        if tooth is None:
            continue
        rendered.append(tooth)
        items.append((placement.fdi, tooth.mask, tooth.corner))
    image += _superimposed(rendered, size) * (0.6 + 0.4 * (1 - bone))
    for tooth in rendered:
        crop = image[_window(tooth)]
        for metal in tooth.metal.values():
            crop[metal] = np.maximum(crop[metal], 1.02)
    image = _device_effects(canvas, image, rng)
    findings = [
        (kind, fdi, metal, tooth.corner)
        for (fdi, _, _), tooth in zip(items, rendered, strict=True)
        for kind, metal in tooth.metal.items()
    ]
    return (
        Radiograph(image, None),
        Teeth.from_masks(size, items).sorted(),
        Findings.from_masks(size, findings).sorted(),
    )


def _superimposed(rendered: list[RenderedTooth], size: tuple[int, int]) -> Float32Array:
    """The brightness of all teeth, float32 (height, width).

    Where teeth overlap, the brightest counts fully and the others by the share `OVERLAP`.
    """
    most, total = np.zeros(size, np.float32), np.zeros(size, np.float32)
    for tooth in rendered:
        window = _window(tooth)
        total[window] += tooth.brightness
        most[window] = np.where(
            np.abs(tooth.brightness) > np.abs(most[window]), tooth.brightness, most[window]
        )
    return most + OVERLAP * (total - most)


def _window(tooth: RenderedTooth) -> tuple[slice, slice]:
    """The rows and columns of the image that a tooth's crop covers."""
    (top, left), (height, width) = tooth.corner, tooth.mask.shape
    return slice(top, top + height), slice(left, left + width)


def _device_effects(canvas: Canvas, image: Float32Array, rng: np.random.Generator) -> Float32Array:
    """The image with blur, uneven exposure, noise and contrast of a device, float32 0 to 1."""
    image = canvas.blurred(image, float(rng.uniform(0.5, 0.8)))
    image = image * (1 + 0.04 * canvas.grain(rng, 200))
    noise = rng.standard_normal(canvas.size, np.float32)
    image = image + 0.012 * cv2.GaussianBlur(noise, (0, 0), 0.7) * 1.6
    gamma = float(rng.uniform(0.92, 1.1))
    if rng.random() < 0.4:
        _marker(canvas, image)
    return np.clip(image, 0, 1).astype(np.float32) ** np.float32(gamma)


def _marker(canvas: Canvas, image: Float32Array) -> None:
    """Writes the letter R, which marks the patient's right, into the image."""
    height, width = canvas.size
    letter = np.zeros(canvas.size, np.uint8)
    corner, scale = (int(width * 0.02), int(height * 0.93)), max(height / 420, 0.3)
    stroke = max(round(height / 300), 1)
    cv2.putText(letter, "R", corner, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, stroke, cv2.LINE_AA)
    np.maximum(image, letter.astype(np.float32) / 255, out=image)


# --- one tooth ---------------------------------------------------------------------------------


def _tooth(
    canvas: Canvas, placement: Placement, shape: ToothShape, rng: np.random.Generator
) -> RenderedTooth | None:
    """A tooth in its crop; None when it is outside the image."""
    outlines = [_placed(points, placement) for points in shape.solids]
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
    pulp = _filled(canvas, [_placed(points, placement) for points in shape.pulp], box)
    u, v = _tooth_coordinates(canvas, placement, box)
    if placement.formed < 1:
        mask, pulp = _incomplete(mask, pulp, u, v, placement, rng)
        if bounding_box(mask > 0) is None:
            return None
    unit = float(canvas.scale.mean())
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5) / unit
    half = placement.width / 2
    # A tooth is round: X-rays pass through more of it in the middle.
    thick = np.clip(depth / (0.75 * half), 0, 1)
    thick = np.sqrt(thick * (2 - thick))
    crown = _step(shape.neck - v, 0.06)
    extra = EXTRA_BRIGHTNESS[placement.position - 1]
    brightness = mask * (0.1 + (0.2 + extra) * thick + crown * 0.06)
    enamel = crown * _step(0.13 - depth / placement.width * (1 + 1.2 * v / shape.neck), 0.05)
    brightness += mask * 0.16 * enamel
    brightness -= 0.12 * canvas.blurred((pulp & mask).astype(np.float32), 1.2)
    root = 1 - crown
    outside = (1 - mask).astype(np.float32)
    away = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5) / unit
    if placement.buried:  # a follicle is a dark band with a bright border
        brightness -= outside * 0.09 * np.exp(-((away - 2.5) ** 2) / 5)
        brightness += outside * 0.05 * np.exp(-((away - 5.5) ** 2) / 1.5)
    else:
        brightness -= outside * root * 0.07 * np.exp(-((away - 1.2) ** 2) / 1.2)
        brightness += outside * root * 0.045 * np.exp(-((away - 3.4) ** 2) / 1.5)
    brightness *= float(rng.normal(1, 0.06))
    metal = _restorations(canvas, placement, shape, mask > 0, pulp > 0, u, v, depth, rng)
    if placement.buried:
        metal = {}
    return RenderedTooth((box[0], box[1]), mask > 0, brightness.astype(np.float32), metal)


def _incomplete(
    mask: npt.NDArray[np.uint8],
    pulp: npt.NDArray[np.uint8],
    u: Float32Array,
    v: Float32Array,
    placement: Placement,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Mask and pulp of a tooth whose root is still growing or partly resorbed.

    A growing root ends in an open funnel, a resorbed one in an irregular edge.
    """
    end = placement.formed + 0.02 * np.sin(u * rng.uniform(4, 8) + rng.uniform(0, 6))
    present = v < end
    if not placement.deciduous and placement.formed > 0.3:
        funnel = np.abs(u) < 0.45 - (end - v) / 0.12 * 0.4
        present &= ~(funnel & (end - v < 0.12))
    return (mask * present).astype(np.uint8), (pulp * (v < end - 0.03)).astype(np.uint8)


def _placed(points: Points, placement: Placement) -> npt.NDArray[np.float64]:
    """Coordinates of the tooth (u, v), see `panodent.phantom.shapes`, as units (x, y)."""
    root = np.array(placement.root)
    across = _across(placement)
    u, v = points[:, :1], points[:, 1:]
    middle = np.array([placement.x, placement.y])
    return middle + root * (v - 0.5) * placement.length + across * u * placement.width / 2


def _across(placement: Placement) -> npt.NDArray[np.float64]:
    """Unit vector (x, y) across the tooth, away from the midline."""
    x, y = placement.root
    across = np.array([-y, x])
    return across if across[0] * placement.outwards > 0 else -across


def _tooth_coordinates(
    canvas: Canvas, placement: Placement, box: tuple[int, int, int, int]
) -> tuple[Float32Array, Float32Array]:
    """Coordinates of the tooth u and v at each pixel of the box (top, left, bottom, right)."""
    top, left, bottom, right = box
    x = (np.arange(left, right) + 0.5)[None] / canvas.scale[0] - placement.x
    y = (np.arange(top, bottom) + 0.5)[:, None] / canvas.scale[1] - placement.y
    root, across = placement.root, _across(placement)
    v = (x * root[0] + y * root[1]) / placement.length + 0.5
    u = (x * across[0] + y * across[1]) / (placement.width / 2)
    return u.astype(np.float32), v.astype(np.float32)


def _filled(
    canvas: Canvas, outlines: list[npt.NDArray[np.float64]], box: tuple[int, int, int, int]
) -> npt.NDArray[np.uint8]:
    """uint8 of the box's size: 1 inside any of the outlines, which are in units."""
    plane = np.zeros((box[2] - box[0], box[3] - box[1]), np.uint8)
    corner = np.array([box[1], box[0]]) * 16
    for line in outlines:
        cv2.fillPoly(plane, [canvas.pixels(line) - corner], 1, shift=4)
    return plane


def _step(values: Float32Array, width: float) -> Float32Array:
    """A soft step: 0 for values far below zero, 1 far above, linear over `width` between."""
    return np.clip(values / width + 0.5, 0, 1).astype(np.float32)


def _restorations(
    canvas: Canvas,
    placement: Placement,
    shape: ToothShape,
    mask: BoolArray,
    pulp: BoolArray,
    u: Float32Array,
    v: Float32Array,
    depth: Float32Array,
    rng: np.random.Generator,
) -> dict[str, BoolArray]:
    """Kind -> (h, w) bool: where random fillings, crowns and root fillings of metal are."""
    metal: dict[str, BoolArray] = {}
    back = placement.position >= 4
    kind = rng.random()
    if kind < (0.2 if back else 0.04):
        centre, half, deep = rng.normal(0, 0.25), rng.uniform(0.3, 0.6), rng.uniform(0.1, 0.22)
        wave = 0.03 * np.sin(u * rng.uniform(4, 9) + rng.uniform(0, 6))
        metal["filling"] = (np.abs(u - centre) < half) & (v < deep + wave) & (depth > 0.8)
    elif kind < (0.24 if back else 0.06):
        metal["crown"] = v < shape.neck - 0.04 + 0.02 * u**2
    if rng.random() < 0.05:
        canal = cv2.erode(pulp.astype(np.uint8), np.ones((2, 2), np.uint8)) > 0
        metal["root_filling"] = canal & (v > 0.3)
    return {kind: inside & mask for kind, inside in metal.items()}
