"""Predicts again at another scale when teeth appear much smaller or larger than in training.

Devices differ in how much they show around the teeth. A network still finds teeth at another
scale, but confuses neighbours. Tooth sizes tell the scale whatever the numbers: prediction is
repeated on a window in which teeth have the size that is usual in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from math import floor

import numpy as np
import numpy.typing as npt

from panodent.bundle.bundle import Bundle
from panodent.dentition import mirror
from panodent.inference import mirror as mirror_image
from panodent.inference.decode import Refine, find_teeth, outlined
from panodent.inference.finding_places import Sizes
from panodent.inference.findings import find
from panodent.inference.refinement import refined_leads
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray, FloatImage
from panodent.utils.percentiles import median

Window = tuple[int, int, int, int]

MIN_TEETH = 8
"""Fewest numbered teeth that tell the scale."""
MIN_WIDTH, MAX_WIDTH = 0.8, 1.25
"""Prediction is repeated for teeth narrower or wider than these shares of the usual width.

Height does not count: the roots of children's teeth are short, and networks tolerate flat teeth."""
MANY_TEETH, MIN_WIDTH_OF_MANY = 20, 0.92
"""With at least this many numbered teeth the lower limit is this higher share instead."""
MAX_PREDICTIONS = 3
"""Most predictions of one radiograph; at extreme scales the second tells the scale better."""
MIN_SCORES = 0.9
"""A repeated prediction is used if its sum of scores is at least this share of the last one's."""


@dataclass(frozen=True)
class Located:
    """Teeth, and on which part of the radiograph the network saw them.

    teeth : of the radiograph's size.
    window : the part that was predicted on; it may reach beyond the radiograph.
    tooth : (h, w) probability of any tooth over the window.
    """

    teeth: Teeth
    window: Window
    tooth: FloatImage


def predict_teeth(bundle: Bundle, pixels: FloatImage, mirrored: bool = False) -> Teeth:
    """Teeth of a radiograph, pixels float32 (H, W) in [0, 1]; see `predict_all`."""
    return predict_all(bundle, pixels, mirrored)[0]


def predict_all(
    bundle: Bundle, pixels: FloatImage, mirrored: bool = False
) -> tuple[Teeth, Findings | None]:
    """Teeth and findings of a radiograph, pixels float32 (H, W) in [0, 1].

    Findings are None for a bundle without a findings network. With one, implants and pontics that
    the first network took for teeth are findings and no teeth. `mirrored` also predicts teeth on
    the mirror image and averages, which doubles the first network's passes.
    """
    return with_findings(bundle, pixels, locate(bundle, pixels, mirrored))


def with_findings(
    bundle: Bundle, pixels: FloatImage, located: Located
) -> tuple[Teeth, Findings | None]:
    """What `predict_all` returns, from the teeth that the first network found."""
    if bundle.findings is None:
        return located.teeth, None
    teeth, (top, left, bottom, right) = located.teeth, located.window
    seen = np.flatnonzero(seen_in_window(teeth, located.window))
    replaced, found = find(
        bundle.findings,
        cut_window(pixels, located.window),
        located.tooth,
        teeth.select(seen).placed(-top, -left, (bottom - top, right - left)),
        bundle.sizes,
    )
    kept = np.setdiff1d(np.arange(len(teeth)), seen[replaced])
    return teeth.select(kept), found.placed(top, left, teeth.size)


def seen_in_window(teeth: Teeth, window: Window) -> BoolArray:
    """(n,) whether a tooth has a pixel in a window, which may reach beyond the radiograph."""
    result = np.zeros(len(teeth), bool)
    for index, (_, (row, col, *_), mask) in enumerate(teeth):
        top, left, bottom, right = window
        rows = slice(max(top - row, 0), max(bottom - row, 0))
        cols = slice(max(left - col, 0), max(right - col, 0))
        result[index] = mask[rows, cols].any()
    return result


def locate(bundle: Bundle, pixels: FloatImage, mirrored: bool = False) -> Located:
    """Teeth of a radiograph by the first network, and where it saw them.

    Repeated on a window where the scale is unusual; otherwise one forward pass. `mirrored` also
    predicts on the mirror image and averages, which doubles the passes.
    """
    predict = partial(mirror_image.predict_planes if mirrored else Bundle.predict_planes, bundle)
    found, tooth = _decoded(bundle, predict, pixels)
    seen = found.size
    window = (0, 0, *seen)
    for _ in range(MAX_PREDICTIONS - 1):
        here = usual_size_window(found, bundle.sizes, seen)
        if here is None:
            break
        seen = (here[2] - here[0], here[3] - here[1])
        again, its_tooth = _decoded(bundle, predict, cut_window(pixels, here))
        again = again.placed(here[0], here[1], found.size)
        if again.scores.sum() < MIN_SCORES * found.scores.sum():
            break
        found, tooth, window = again, its_tooth, here
    return Located(found, window, tooth)


def usual_size_window(found: Teeth, usual: Sizes, seen: tuple[int, int]) -> Window | None:
    """The window (top, left, bottom, right) in which these teeth have the usual size.

    None when they have about the usual width in the window that was predicted on, of size `seen`
    (height, width), or when too few teeth have a known size. The window may reach beyond the
    radiograph. `usual` gives each tooth's height and width as shares of the radiograph's.
    """
    ratios = [
        ((bottom - top) / usual[fdi][0], (right - left) / usual[fdi][1])
        for fdi, (top, left, bottom, right), _ in found
        if fdi in usual
    ]
    if len(ratios) < MIN_TEETH:
        return None
    height, width = median(ratios, axis=0)
    least = MIN_WIDTH if len(ratios) < MANY_TEETH else MIN_WIDTH_OF_MANY
    if least <= width / seen[1] <= MAX_WIDTH:
        return None
    rows = (found.boxes[:, 0].min() + found.boxes[:, 2].max()) / 2
    cols = (found.boxes[:, 1].min() + found.boxes[:, 3].max()) / 2
    top, left = floor(rows - height / 2), floor(cols - width / 2)
    return top, left, top + max(round(height), 2), left + max(round(width), 2)


def cut_window(pixels: FloatImage, window: Window) -> FloatImage:
    """The pixels (H, W) inside a window that overlaps them; 0 where it reaches beyond them."""
    import cv2

    top, left, bottom, right = window
    height, width = pixels.shape
    part = pixels[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    margins = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    if not any(margins):
        return part
    seen: FloatImage = cv2.copyMakeBorder(part, *margins, cv2.BORDER_CONSTANT, value=0.0)
    return seen


def usual_sizes(examples: Iterable[Teeth]) -> dict[int, tuple[float, float]]:
    """Median (height, width) of each tooth by FDI number, as shares of the radiograph's.

    Each tooth counts for the same tooth of the other side as well.
    """
    sizes: dict[int, list[npt.NDArray[np.float64]]] = {}
    for teeth in examples:
        for fdi, (top, left, bottom, right), _ in teeth:
            if fdi:
                size = np.array([bottom - top, right - left]) / teeth.size
                for number in (fdi, mirror(fdi)):
                    sizes.setdefault(number, []).append(size)
    medians = {fdi: median(found, axis=0) for fdi, found in sorted(sizes.items())}
    return {fdi: (round(float(h), 4), round(float(w), 4)) for fdi, (h, w) in medians.items()}


def _decoded(
    bundle: Bundle, predict: Callable[[FloatImage], FloatImage], pixels: FloatImage
) -> tuple[Teeth, FloatImage]:
    """One prediction of pixels (H, W), and the probability (h, w) of any tooth."""
    found, none = find_teeth(predict(pixels), len(bundle.classes))
    size, refine = (pixels.shape[0], pixels.shape[1]), _refine_with(bundle, pixels)
    return outlined(found, none, bundle.classes, size, bundle.calibration, refine), 1 - none


def _refine_with(bundle: Bundle, pixels: FloatImage) -> Refine | None:
    """What `decode` needs to refine outlines in a radiograph (H, W); None without a refiner."""
    if not bundle.refiner:
        return None
    return partial(refined_leads, bundle.refine, pixels, bundle.classes)
