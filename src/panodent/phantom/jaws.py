"""The background of a phantom: jaws, palate, sinuses, spine and air.

Coordinates are in units (see `panodent.phantom.arches`). Grey values are 0 (the darkest of a
panoramic radiograph) to 1 (the brightest).

>>> grey, bone = background((64, 128), [], np.random.default_rng(0))
>>> grey.shape, bool(bone.max() <= 1)
((64, 128), True)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from panodent.phantom.arches import HEIGHT, WIDTH, Placement
from panodent.utils.arrays import Float32Array

Line = Sequence[tuple[float, float]]
"""Points (x, y) in units."""
ToPatient = Callable[[Line], Line]
"""Moves points given about x = 0 at an average height to the midline and height of a patient."""
ToBothSides = Callable[[Line], tuple[Line, Line]]
"""The same for points of the left half, and for their mirror image."""


class Canvas:
    """Draws shapes given in units as float32 arrays (height, width) with blurred edges."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.scale = np.array([size[1] / WIDTH, size[0] / HEIGHT])
        self.plane: Float32Array = np.zeros(size, np.float32)

    def pixels(self, points: Sequence[Sequence[float]] | npt.NDArray[np.float64]) -> npt.NDArray:
        """Points (x, y) in units as fixed-point pixels for OpenCV, int32, four binary places."""
        return np.round((np.asarray(points, np.float64) * self.scale - 0.5) * 16).astype(np.int32)

    def area(self, points: Sequence[Sequence[float]], blur: float) -> Float32Array:
        """1 inside a smooth closed line through these points, 0 outside; `blur` as in `blurred`."""
        plane = np.zeros(self.size, np.float32)
        cv2.fillPoly(plane, [self.pixels(_rounded(points, closed=True))], 1.0, shift=4)
        return self.blurred(plane, blur)

    def line(self, points: Sequence[Sequence[float]], width: float, blur: float) -> Float32Array:
        """1 along a smooth line of `width` units through these points; `blur` as in `blurred`."""
        plane = np.zeros(self.size, np.float32)
        thick = max(round(width * float(self.scale.mean())), 1)
        cv2.polylines(
            plane, [self.pixels(_rounded(points, closed=False))], False, 1.0, thick, shift=4
        )
        return self.blurred(plane, blur)

    def blurred(self, plane: Float32Array, blur: float) -> Float32Array:
        """The array blurred by a Gaussian whose standard deviation is `blur` units."""
        sigma = blur * float(self.scale.mean())
        if sigma < 0.3:
            return plane
        # Wide blurs are computed on a smaller array, which looks the same and is faster.
        factor = int(max(sigma // 4, 1))
        if factor == 1:
            return cv2.GaussianBlur(plane, (0, 0), sigma)
        small = cv2.resize(
            plane,
            (max(plane.shape[1] // factor, 8), max(plane.shape[0] // factor, 8)),
            interpolation=cv2.INTER_AREA,
        )
        small = cv2.GaussianBlur(small, (0, 0), sigma / factor)
        return cv2.resize(small, (plane.shape[1], plane.shape[0]), interpolation=cv2.INTER_LINEAR)

    def grain(self, rng: np.random.Generator, size: float) -> Float32Array:
        """Random texture of standard deviation 1 whose grains are `size` units wide."""
        step = max(size * float(self.scale.mean()), 1.0)
        shape = (max(int(self.size[0] / step), 4), max(int(self.size[1] / step), 4))
        small = rng.standard_normal(shape, np.float32)
        return cv2.resize(small, (self.size[1], self.size[0]), interpolation=cv2.INTER_CUBIC)


def _rounded(points: Sequence[Sequence[float]], closed: bool) -> npt.NDArray[np.float64]:
    """A Catmull-Rom curve through the points, (k, 2) float64."""
    p = np.asarray(points, np.float64)
    before, after = (p[-1:], p[:2]) if closed else (p[:1], p[-1:])
    p = np.concatenate([before, p, after])
    t = np.linspace(0, 1, 12, endpoint=False)[None, :, None]
    a, b, c, d = (p[i : len(p) - 3 + i][:, None] for i in range(4))
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    return np.concatenate([curve.reshape(-1, 2), p[-2:-1]])


def background(
    size: tuple[int, int], teeth: Sequence[Placement], rng: np.random.Generator
) -> tuple[Float32Array, Float32Array]:
    """Grey values without teeth and share of bone, float32 (height, width) each, 0 to 1.

    `size` is (height, width) in pixels; jaws follow the positions of `teeth`.
    """
    canvas = Canvas(size)
    middle, upper_edge, lower_edge = _midlines(teeth)
    drop = (upper_edge + lower_edge) / 2 - 287  # units that this patient is below the average

    def at(points: Line) -> Line:
        return [(middle + x, y + drop) for x, y in points]

    def both(points: Line) -> tuple[Line, Line]:
        return at(points), at([(-x, y) for x, y in points])

    image = canvas.plane
    image += 0.22 + 0.02 * canvas.grain(rng, 120)
    # Mostly air below the chin and outside the neck.
    chin = [(-470, 300), (-430, 385), (-300, 440), (-140, 480), (0, 490)]
    chin += [(-x, y) for x, y in chin[-2::-1]]
    inside = canvas.area(at([*chin, (520, -60), (-520, -60)]), 14)
    image *= 0.35 + 0.65 * inside

    bone = _lower_jaw(canvas, at) + _upper_jaw(canvas, at)
    bone = np.clip(bone, 0, 1)
    gap = _mouth(canvas, at, upper_edge - drop, lower_edge - drop)
    bone *= 1 - 0.92 * gap
    texture = 0.6 * canvas.grain(rng, 4) + 0.4 * canvas.grain(rng, 9)
    image += bone * (0.17 + 0.016 * texture)
    image -= 0.06 * gap

    border = [(-440, 330), (-400, 382), (-300, 428), (-150, 466), (0, 474)]
    border += [(-x, y) for x, y in border[-2::-1]]
    image += 0.13 * canvas.line(at(border), 9, 2.5)
    for side in both([(395, 150), (410, 230), (430, 300), (438, 340)]):
        image += 0.07 * canvas.line(side, 7, 3)
    for side in both([(235, 240), (290, 285), (330, 330), (345, 352)]):
        image += 0.05 * canvas.line(side, 5, 3)  # external oblique line
    for side in both([(330, 340), (270, 392), (190, 412), (120, 398)]):
        image -= 0.05 * canvas.line(side, 9, 3)  # mandibular canal
    _skull(canvas, at, both, image, rng)
    spine = canvas.area(at([(-70, -40), (70, -40), (85, 540), (-85, 540)]), 34)
    image += float(np.clip(rng.normal(0.07, 0.03), 0.0, 0.13)) * spine
    return np.clip(image, 0.0, 0.9), bone


def _midlines(teeth: Sequence[Placement]) -> tuple[float, float, float]:
    """x of the midline, and y of the biting edges of upper and of lower front teeth."""
    if not teeth:
        return WIDTH * 0.506, 294.0, 291.0
    right = [p.x for p in teeth if p.outwards < 0]
    left = [p.x for p in teeth if p.outwards > 0]
    middle = (max(right) + min(left)) / 2 if right and left else WIDTH * 0.506
    edges = []
    for upper, usual in ((True, 294.0), (False, 291.0)):
        front = [
            p.y - p.root[1] * p.length / 2 for p in teeth if p.upper == upper and p.position < 4
        ]
        edges.append(float(np.mean(front)) if front else usual)
    return float(np.clip(middle, WIDTH * 0.45, WIDTH * 0.56)), edges[0], edges[1]


def _lower_jaw(canvas: Canvas, at: ToPatient) -> Float32Array:
    """1 inside the mandible."""
    half = [(0, 330), (110, 330), (200, 312), (262, 286), (300, 262), (330, 200), (352, 120),
            (420, 95), (452, 130), (448, 240), (440, 330), (400, 384), (300, 430), (150, 468),
            (0, 476)]  # fmt: skip
    whole = half + [(-x, y) for x, y in half[-2:0:-1]]
    return canvas.area(at(whole), 3)


def _upper_jaw(canvas: Canvas, at: ToPatient) -> Float32Array:
    """1 inside the maxilla."""
    half = [(0, 262), (110, 252), (200, 246), (262, 236), (318, 205), (330, 150), (300, 110),
            (150, 118), (0, 112)]  # fmt: skip
    whole = half + [(-x, y) for x, y in half[-2:0:-1]]
    return canvas.area(at(whole), 6)


def _mouth(canvas: Canvas, at: ToPatient, upper: float, lower: float) -> Float32Array:
    """1 in the space between the jaw bones, where the crowns are.

    `upper` and `lower` are the y of the biting edges.
    """
    top = [
        (0, upper - 36),
        (100, upper - 42),
        (200, upper - 50),
        (270, upper - 68),
        (330, upper - 96),
    ]
    low = [
        (345, lower - 66),
        (290, lower - 12),
        (210, lower + 22),
        (110, lower + 36),
        (0, lower + 38),
    ]
    half = top + low
    whole = half + [(-x, y) for x, y in half[-2:0:-1]]
    return canvas.area(at(whole), 6)


def _skull(
    canvas: Canvas,
    at: ToPatient,
    both: ToBothSides,
    image: Float32Array,
    rng: np.random.Generator,
) -> None:
    """Adds palate, nose, sinuses, zygomatic bones, skull base and cervical spine to `image`."""
    palate = [(-290, 112), (-150, 98), (0, 90), (150, 98), (290, 112)]
    image += 0.14 * canvas.line(at(palate), 12, 4)
    image += 0.08 * canvas.area(
        at([(-300, 70), (0, 52), (300, 70), (300, 118), (0, 104), (-300, 118)]), 8
    )
    for side in both([(14, 20), (60, 10), (88, 50), (60, 84), (20, 84)]):
        image -= 0.12 * canvas.area(side, 6)
    image += 0.14 * canvas.line(at([(0, -10), (0, 88)]), 9, 3)
    for side in both([(95, 60), (180, 30), (280, 50), (290, 120), (220, 150), (140, 140)]):
        image -= 0.08 * canvas.area(side, 5)
        image += 0.06 * canvas.line([*side, side[0]], 2.5, 1.2)
    for side in both([(300, 20), (292, 90), (270, 140)]):
        image += 0.1 * canvas.line(side, 6, 3)
    for side in both([(300, 70), (400, 40), (520, 60), (560, 120), (440, 90)]):
        image += 0.16 * canvas.area(side, 8)
    for side in both([(405, 150), (395, 105), (425, 82), (452, 105), (448, 150)]):
        image += 0.08 * canvas.line([*side], 6, 2)
    for side in both([(480, 130), (540, 130), (560, 420), (500, 420)]):
        image += 0.1 * canvas.area(side, 10) * (1 + 0.5 * canvas.grain(rng, 30))
    for side in both([(250, 430), (330, 415), (390, 420), (330, 440)]):
        image += 0.07 * canvas.area(side, 3)  # hyoid bone
