"""Radiographs whose teeth appear far smaller or larger than those that the network learnt from.

Devices differ in how much they show around the teeth. A network finds teeth at another scale, but
then takes one for its neighbour. Their sizes tell the scale whatever their numbers: a window
that brings them to the size usual in training is looked at instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from math import floor

import numpy as np
import numpy.typing as npt

from panodent.bundle.bundle import Bundle
from panodent.dentition import mirror
from panodent.inference.decode import decode
from panodent.inference.mirror import answer as mirrored_answer
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import FloatImage

Sizes = Mapping[int, tuple[float, float]]
Window = tuple[int, int, int, int]

FEWEST = 8
"""Fewer numbered teeth than this do not tell the scale."""
SMALL, LARGE = 0.8, 1.25
"""Teeth of less than this share of the usual width, or of more, get a second look.

Not of height: the roots of children's teeth are short, and a network bears what is only flat."""
MANY, SLIGHT = 20, 0.92
"""So many numbered teeth tell the scale so well that less than this share of the usual will do."""
LOOKS = 3
"""At scales that the first look barely sees, the second one tells the scale better."""
KEPT = 0.9
"""A further look must find at least this share of the sum of scores that the one before had."""


def find(bundle: Bundle, pixels: FloatImage, mirrored: bool = False) -> Teeth:
    """Teeth of a radiograph (H, W) in [0, 1], looked at again where their scale is unusual.

    `mirrored` asks the network of the mirror image too. One forward pass (two), as a rule.
    """
    ask = partial(mirrored_answer if mirrored else Bundle.answer, bundle)
    found = _look(bundle, ask, pixels)
    seen = found.size
    for _ in range(LOOKS - 1):
        here = window(found, bundle.sizes, seen)
        if here is None:
            break
        seen = (here[2] - here[0], here[3] - here[1])
        again = _look(bundle, ask, seen_through(pixels, here))
        again = again.placed(here[0], here[1], found.size)
        if again.scores.sum() < KEPT * found.scores.sum():
            break
        found = again
    return found


def window(found: Teeth, usual: Sizes, seen: tuple[int, int]) -> Window | None:
    """(top, left, bottom, right) in which these teeth have the usual size.

    None when they had about that width in what was looked at, (height, width) `seen`. It may reach
    beyond the radiograph. `usual` says height and width of each tooth as shares of those of a
    radiograph.
    """
    ratios = [
        ((bottom - top) / usual[fdi][0], (right - left) / usual[fdi][1])
        for fdi, (top, left, bottom, right), _ in found
        if fdi in usual
    ]
    if len(ratios) < FEWEST:
        return None
    height, width = np.median(ratios, axis=0)
    least = SMALL if len(ratios) < MANY else SLIGHT
    if least <= width / seen[1] <= LARGE:
        return None
    rows = (found.boxes[:, 0].min() + found.boxes[:, 2].max()) / 2
    cols = (found.boxes[:, 1].min() + found.boxes[:, 3].max()) / 2
    top, left = floor(rows - height / 2), floor(cols - width / 2)
    return top, left, top + max(round(height), 2), left + max(round(width), 2)


def seen_through(pixels: FloatImage, window: Window) -> FloatImage:
    """The part of (H, W) pixels in a window that overlaps them; black where it reaches beyond."""
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
    """Median height and width of each tooth and its mirror partner, as shares of the radiograph."""
    sizes: dict[int, list[npt.NDArray[np.float64]]] = {}
    for teeth in examples:
        for fdi, (top, left, bottom, right), _ in teeth:
            if fdi:
                size = np.array([bottom - top, right - left]) / teeth.size
                for number in (fdi, mirror(fdi)):
                    sizes.setdefault(number, []).append(size)
    medians = {fdi: np.median(found, axis=0) for fdi, found in sorted(sizes.items())}
    return {fdi: (round(float(h), 4), round(float(w), 4)) for fdi, (h, w) in medians.items()}


def _look(bundle: Bundle, ask: Callable[[FloatImage], FloatImage], pixels: FloatImage) -> Teeth:
    size = (pixels.shape[0], pixels.shape[1])
    return decode(ask(pixels), bundle.classes, size, bundle.calibration)
