"""Network output -> `Teeth`: one instance a number, crisp at the radiograph's own resolution.

Everything is decided at the network's resolution; only the crop of each tooth is enlarged, so
memory does not grow with classes times pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panodent.bundle.calibration import Calibration
from panodent.inference import instances, regions
from panodent.inference.instances import Found
from panodent.radiograph.resampling import enlarged
from panodent.teeth.teeth import UNNUMBERED, Flag, Teeth
from panodent.utils.arrays import BoolArray, Float32Array

PLAIN = Calibration()
DOUBTFUL_BELOW = 0.75
"""A tooth whose score lies below this is flagged doubtful..."""
CLOSE = 1.5
"""...and one whose number another would replace at less than this cost in log probability."""


def decode(
    answer: Float32Array,
    classes: Sequence[int],
    size: tuple[int, int],
    calibration: Calibration = PLAIN,
) -> Teeth:
    """A network's planes (p, h, w) over a radiograph of `size` -> its teeth.

    The first 1 + len(classes) planes are logits; see `panodent.bundle.bundle.Bundle.network`.
    No number appears twice; specks are removed; scores lie in [0, 1]. A tooth that fits no free
    number has 0.
    """
    logits, offsets = answer[: 1 + len(classes)], answer[1 + len(classes) :]
    found = instances.found(logits, offsets) if len(offsets) else regions.found(logits)
    items, scores, flags = [], [], []
    for tooth in found:
        mask, corner = outline(tooth, (logits.shape[1], logits.shape[2]), size)
        if mask.any():
            items.append((classes[tooth.number] if tooth.number >= 0 else UNNUMBERED, mask, corner))
            scores.append(float(np.clip(calibration(tooth.score), 0, 1)))
            flags.append(_flags(tooth, scores[-1]))
    return Teeth.from_masks(size, items, scores, flags).sorted()


def _flags(tooth: Found, score: float) -> set[Flag]:
    flags: set[Flag] = set()
    if score < DOUBTFUL_BELOW or tooth.margin < CLOSE:
        flags.add("doubtful")
    if tooth.number < 0:
        flags.add("unnumbered")
    return flags


def outline(
    tooth: Found, plane: tuple[int, int], size: tuple[int, int]
) -> tuple[BoolArray, tuple[int, int]]:
    """A tooth's mask at the radiograph's resolution, and its corner (top, left) there.

    Its lead over all else is enlarged linearly in its own crop and cut at zero: the outline runs
    between network pixels, where an enlarged mask would have steps.
    """
    row, col = tooth.corner
    scale_y, scale_x = size[0] / plane[0], size[1] / plane[1]
    box = (
        int(np.floor(row * scale_y)),
        int(np.floor(col * scale_x)),
        min(int(np.ceil((row + tooth.lead.shape[0]) * scale_y)), size[0]),
        min(int(np.ceil((col + tooth.lead.shape[1]) * scale_x)), size[1]),
    )
    fine = enlarged(tooth.lead, box, size, tooth.corner, plane)
    return solid(fine > 0), (box[0], box[1])


def solid(mask: BoolArray) -> BoolArray:
    """The largest part of a mask, its holes filled."""
    import cv2

    image = np.ascontiguousarray(mask).view(np.uint8)
    rings, _ = cv2.findContours(image, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    if rings:
        cv2.drawContours(filled, [max(rings, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return filled.view(bool)
