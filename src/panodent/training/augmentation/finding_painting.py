"""Augmentation: paints fillings, crowns, posts, implants, bridges and brackets, with their labels.

Few radiographs have their findings annotated. What is painted has an exact outline, so it teaches
shapes and places; the annotated radiographs teach looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from panodent.dentition import ARCHES, TEETH
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.augmentation.restorations import (
    MIN_PIXELS,
    Axes,
    rod,
    soft,
    tooth_axes,
    tooth_window,
)
from panodent.training.augmentation.tooth_removal import choose_run, fill_with_background
from panodent.training.findings_config import PaintConfig
from panodent.utils.arrays import BoolArray, Float32Array, FloatImage

TAKEN = 255
"""Value in class images of teeth where nothing more is painted."""
RUNS = AugmentConfig(extract_max_length=8)
"""How runs of neighbouring teeth are drawn."""


@dataclass
class PaintedRadiograph:
    """What is painted on; arrays are (height, width) and are changed in place.

    pixels : float32 in [0, 1].
    kinds : uint8 class image of findings, the kind `names[k - 1]`.
    teeth : uint8 class image of teeth, class c the tooth `classes[c - 1]`; `TAKEN` where nothing
        more is painted.
    tooth : float32, probability of any tooth.
    """

    pixels: FloatImage
    kinds: npt.NDArray[np.uint8]
    teeth: npt.NDArray[np.uint8]
    tooth: FloatImage
    names: Sequence[str]
    classes: Sequence[int]
    rng: np.random.Generator
    metal: float = field(init=False)

    def __post_init__(self) -> None:
        bright = np.percentile(self.pixels, 99.5) * self.rng.uniform(0.9, 1.15)
        self.metal = float(np.clip(bright, 0.3, 1))

    def fdi(self, value: int) -> int:
        """FDI number of a class value."""
        return int(self.classes[value - 1])

    def blend(
        self, window: tuple[slice, slice], cover: Float32Array, grey: float, kind: str
    ) -> None:
        """Paints a grey value by the share of each pixel covered, and labels covered pixels."""
        image = self.pixels[window]
        image += cover * (np.float32(min(max(grey, 0.0), 1.0)) - image)
        if kind in self.names:
            self.kinds[window][cover > 0.5] = list(self.names).index(kind) + 1


def paint_findings(
    pixels: FloatImage,
    kinds: npt.NDArray[np.uint8],
    teeth: npt.NDArray[np.uint8],
    tooth: FloatImage,
    names: Sequence[str],
    classes: Sequence[int],
    config: PaintConfig,
    rng: np.random.Generator,
) -> tuple[FloatImage, npt.NDArray[np.uint8], FloatImage]:
    """Paints random findings on a radiograph.

    Arguments as the fields of `PaintedRadiograph`; `config` says how often what is painted. Teeth
    that bear an annotated finding are left as they are. Returns new pixels, kinds and tooth
    probability.
    """
    canvas = PaintedRadiograph(
        pixels.copy(), kinds.copy(), teeth.copy(), tooth.copy(), names, classes, rng
    )
    taken = np.unique(teeth[kinds > 0])
    canvas.teeth[np.isin(teeth, taken[taken > 0]) | (kinds > 0)] = TAKEN
    for _ in range(int(rng.poisson(config.runs))):
        _paint_run(canvas, config)
    for value in np.flatnonzero(np.bincount(canvas.teeth.ravel(), minlength=2)[1:TAKEN]) + 1:
        _paint_tooth(canvas, int(value), config)
    if rng.random() < config.appliance:
        for arch in ARCHES:
            if rng.random() < 0.7:
                _paint_brackets(canvas, [fdi for fdi in arch if TEETH[fdi].position < 7])
    return canvas.pixels, canvas.kinds, canvas.tooth


def _seen(
    canvas: PaintedRadiograph, value: int
) -> tuple[tuple[slice, slice], BoolArray, Axes] | None:
    """Window, mask and axes of a tooth; None where too little of it is seen."""
    mask = canvas.teeth == value
    if np.count_nonzero(mask) < MIN_PIXELS:
        return None
    window = tooth_window(mask)
    upper = TEETH[canvas.fdi(value)].jaw == "upper"
    return window, mask[window], tooth_axes(mask[window], upper)


# --- single teeth ------------------------------------------------------------------------------


def _paint_tooth(canvas: PaintedRadiograph, value: int, config: PaintConfig) -> None:
    rng = canvas.rng
    filled, crowned, canals = (
        bool(rng.random() < share) for share in (config.filling, config.crown, config.root_filling)
    )
    third = TEETH[canvas.fdi(value)].position == 8 and rng.random() < 0.7  # often not erupted
    seen = _seen(canvas, value) if (filled or crowned or canals) and not third else None
    if seen is None:
        return
    window, mask, axes = seen
    neck = float(rng.uniform(0.32, 0.45))
    if canals:
        post = bool(rng.random() < config.post)
        _canals(canvas, window, mask, axes, neck, post, TEETH[canvas.fdi(value)].type == "molar")
        crowned = crowned or bool(rng.random() < 0.35)
    if crowned:
        _crown(canvas, window, mask, axes, neck, "crown")
    elif filled:
        for _ in range(1 + int(rng.random() < 0.3)):
            _filling(canvas, window, mask, axes, neck, bool(rng.random() < config.pale))


def _filling(
    canvas: PaintedRadiograph,
    window: tuple[slice, slice],
    mask: BoolArray,
    axes: Axes,
    neck: float,
    pale: bool,
) -> None:
    """A filling of metal or composite on the chewing surface or on a side of the crown.

    A pale one is a little brighter than the crown that bears it, and has an even grey.
    """
    rng, crown = canvas.rng, neck * axes.length
    half = axes.width / 2
    if rng.random() < 0.6:  # chewing surface
        middle, wide = rng.normal(0, 0.3) * half, rng.uniform(0.25, 0.85) * half
        deep = rng.uniform(0.2, 0.75) * crown
        wave = 0.12 * crown * np.sin(axes.aside / half * rng.uniform(2, 6) + rng.uniform(0, 6))
        floor = deep + wave - rng.uniform(0, 0.5) * deep * ((axes.aside - middle) / wide) ** 2
        cover = soft(wide - np.abs(axes.aside - middle)) * soft(floor - axes.along)
        cover *= soft(axes.along - rng.uniform(0.0, 0.1) * crown)
    else:  # side
        side, height = rng.choice([-1.0, 1.0]), rng.uniform(0.25, 0.9) * crown
        wide, tall = rng.uniform(0.15, 0.5) * half, rng.uniform(0.15, 0.45) * crown
        away = ((axes.aside - side * half * rng.uniform(0.55, 0.9)) / wide) ** 2
        away = away + ((axes.along - height) / tall) ** 2
        cover = soft((1 - np.sqrt(away)) * min(wide, tall))
    composite = rng.random() < 0.3
    grey = canvas.metal * (rng.uniform(0.7, 0.85) if composite else rng.uniform(0.9, 1.1))
    if pale and (cover > 0.5).any():
        around = np.median(canvas.pixels[window][mask & (axes.along < crown)])
        grey = min(grey, float(around) + rng.uniform(0.08, 0.25))
    canvas.blend(window, _blurred(cover * mask), grey, "filling")


def _canals(
    canvas: PaintedRadiograph,
    window: tuple[slice, slice],
    mask: BoolArray,
    axes: Axes,
    neck: float,
    post: bool,
    molar: bool,
) -> None:
    """Root fillings in one to three canals, and a post with its core in one of them."""
    rng, length = canvas.rng, axes.length
    count = int(rng.integers(2, 4)) if molar else 1
    spread = np.linspace(-1, 1, count) * rng.uniform(0.18, 0.3) * axes.width if count > 1 else [0.0]
    grey = canvas.metal * rng.uniform(0.75, 1.0)
    posted = int(rng.integers(count)) if post else -1
    for number, offset in enumerate(spread):
        lean = rng.uniform(-0.06, 0.06)
        aside = axes.aside - np.float32(offset) - np.float32(lean) * (axes.along - 0.6 * length)
        own = Axes(axes.along, aside, length, axes.width)
        top, tip = rng.uniform(0.3, 0.45) * length, rng.uniform(0.72, 0.97) * length
        half = rng.uniform(0.025, 0.06) * axes.width * (0.7 if molar else 1.0)
        taper = 1 - 0.5 * np.clip((axes.along - top) / (tip - top), 0, 1)
        canvas.blend(
            window, _blurred(rod(own, half * taper + 0.4, top, tip) * mask), grey, "root_filling"
        )
        if number == posted:
            end = rng.uniform(0.55, 0.75) * length
            thick = rng.uniform(0.07, 0.14) * axes.width
            cone = 1.4 - 0.8 * np.clip((axes.along - top) / (end - top), 0, 1)
            cover = rod(own, thick * cone, rng.uniform(0.15, 0.35) * length, end)
            canvas.blend(window, _blurred(cover * mask), canvas.metal, "post")


def _crown(
    canvas: PaintedRadiograph,
    window: tuple[slice, slice],
    mask: BoolArray,
    axes: Axes,
    neck: float,
    kind: str,
) -> None:
    """An artificial crown: metal, metal under porcelain, or porcelain."""
    import cv2

    rng = canvas.rng
    whole = (
        cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) if rng.random() < 0.5 else mask
    )
    bow = rng.uniform(-0.08, 0.08) * axes.length * (2 * axes.aside / axes.width) ** 2
    cover = whole * soft((neck + 0.04) * axes.length + bow - axes.along)
    look = rng.random()
    if look < 0.45:
        canvas.blend(window, _blurred(cover), canvas.metal * rng.uniform(0.9, 1.1), kind)
        return
    canvas.blend(window, _blurred(cover), canvas.metal * rng.uniform(0.65, 0.9), kind)
    if look < 0.9:
        depth = cv2.distanceTransform((cover > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
        core = soft(depth - rng.uniform(0.08, 0.2) * axes.width)
        canvas.blend(window, _blurred(core), canvas.metal * rng.uniform(0.95, 1.1), kind)


# --- runs of teeth -----------------------------------------------------------------------------


def _paint_run(canvas: PaintedRadiograph, config: PaintConfig) -> None:
    """A run of neighbouring teeth becomes implants, or a bridge on its end teeth."""
    rng = canvas.rng
    run = choose_run(np.where(canvas.teeth < TAKEN, canvas.teeth, 0), canvas.classes, RUNS, rng)
    run = [value for value in run if not TEETH[canvas.fdi(value)].deciduous]
    shapes = {value: seen for value in run if (seen := _seen(canvas, value)) is not None}
    run = [value for value in run if value in shapes]
    if not run:
        return
    implants = bool(rng.random() < config.implants) or len(run) < 2
    # A bridge stands on its end teeth; some hang from one end only.
    between = run[1:-1] if len(run) > 2 and rng.random() < 0.8 else run[1:]
    lost = run if implants else between
    canvas.pixels, canvas.teeth = fill_with_background(
        canvas.pixels, canvas.teeth, lost, RUNS.extract_reach, rng
    )
    crowned = not implants or bool(rng.random() < config.implant_crowns)
    neck = float(rng.uniform(0.32, 0.45))
    for value in run:
        window, mask, axes = shapes[value]
        gone = value in lost
        pontic = gone and (
            not implants or (crowned and 0 < run.index(value) < len(run) - 1 and rng.random() < 0.3)
        )
        if gone and rng.random() >= config.still_tooth:
            region = canvas.tooth[window]
            region[mask] = np.minimum(region[mask], rng.uniform(0, 0.3))
        if gone and not pontic:
            _implant(canvas, window, axes, neck)
        if crowned:
            shape = _pontic_shape(mask, axes, neck, rng) if pontic else mask
            _crown(canvas, window, shape, axes, neck, "pontic" if pontic else "crown")
        canvas.teeth[window][mask] = TAKEN


def _pontic_shape(mask: BoolArray, axes: Axes, neck: float, rng: np.random.Generator) -> BoolArray:
    """The tooth's crown, narrower towards the gum."""
    end = (neck + 0.04) * axes.length
    narrow = 1 - rng.uniform(0, 0.6) * np.clip(axes.along / end, 0, 1) ** 3
    return np.asarray(mask & (np.abs(axes.aside) < narrow * axes.width / 2), bool)


def _implant(
    canvas: PaintedRadiograph, window: tuple[slice, slice], axes: Axes, neck: float
) -> None:
    """A screw from the neck to about the root's tip, with an abutment hole in some."""
    rng, length = canvas.rng, axes.length
    start, tip = neck * length, rng.uniform(0.72, 1.1) * length
    half = float(np.clip(rng.uniform(0.16, 0.3) * axes.width, 2.0, max(0.11 * length, 2.0)))
    lean = rng.uniform(-0.12, 0.12)
    own = Axes(axes.along, axes.aside - np.float32(lean) * (axes.along - start), length, axes.width)
    taper = 1 - rng.uniform(0.0, 0.5) * np.clip((axes.along - start) / (tip - start), 0, 1)
    thread = 1 + rng.uniform(0, 0.2) * np.sin(
        2 * np.pi * axes.along / (rng.uniform(0.04, 0.09) * length)
    )
    grey = canvas.metal * rng.uniform(0.6, 1.0)
    canvas.blend(window, _blurred(rod(own, half * taper * thread, start, tip)), grey, "implant")
    if rng.random() < 0.5:  # the hollow for the abutment's screw is darker
        hollow = rod(own, 0.3 * half, start, start + rng.uniform(0.3, 0.6) * (tip - start))
        canvas.blend(window, _blurred(hollow), grey * rng.uniform(0.75, 1.1), "implant")


# --- appliances --------------------------------------------------------------------------------


def _paint_brackets(canvas: PaintedRadiograph, arch: Sequence[int]) -> None:
    """Brackets or bands on the teeth of an arch, and a wire through them."""
    import cv2

    rng, height = canvas.rng, canvas.pixels.shape[0]
    level, side = rng.uniform(0.15, 0.3), rng.uniform(0.016, 0.03) * height
    points = []
    for fdi in arch:
        value = list(canvas.classes).index(fdi) + 1 if fdi in canvas.classes else 0
        seen = _seen(canvas, value) if value and rng.random() < 0.93 else None
        if seen is None:
            continue
        window, mask, axes = seen
        along = np.abs(axes.along - level * axes.length)
        wide = axes.width / 2 if TEETH[fdi].position == 6 else side / 2
        grey = canvas.metal * rng.uniform(0.85, 1.05)
        cover = soft(wide - np.abs(axes.aside)) * soft(side / 2 - along)
        canvas.blend(window, _blurred(cover), grey, "appliance")
        row, col = divmod(int(np.argmin(along + np.abs(axes.aside))), mask.shape[1])
        points.append((col + window[1].start, row + window[0].start))
    if len(points) > 1:
        line = np.zeros(canvas.pixels.shape, np.uint8)
        cv2.polylines(
            line, [np.array(points, np.int32)], False, 255, int(rng.integers(1, 3)), cv2.LINE_AA
        )
        whole = (slice(None), slice(None))
        canvas.blend(
            whole, line.astype(np.float32) / np.float32(255), canvas.metal * 0.9, "appliance"
        )


def _blurred(cover: npt.NDArray[np.floating]) -> Float32Array:
    import cv2

    return np.asarray(cv2.GaussianBlur(cover.astype(np.float32), (0, 0), 0.6), np.float32)
