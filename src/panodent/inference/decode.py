"""Decodes network output to `Teeth` at the radiograph's resolution.

Teeth are found and numbered at the network's resolution. Only the crop of each tooth is enlarged,
so memory does not grow with classes times pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from panodent.analysis.dentition_stage import beside_successor
from panodent.analysis.doubt_reasons import LOW_SCORE
from panodent.bundle.calibration import Calibration
from panodent.inference import connected_regions, instances
from panodent.inference.instances import ToothInstance
from panodent.inference.softmax import Probabilities
from panodent.radiograph.resampling import enlarged
from panodent.teeth.masks import CroppedMask
from panodent.teeth.teeth import UNNUMBERED, Flag, Teeth
from panodent.utils.arrays import BoolArray, Float32Array

UNCALIBRATED = Calibration()
MIN_MARGIN = 3.0
"""A tooth is doubtful when a numbering in which it has another number loses less log probability
(3.0: is at least a twentieth as probable)."""

Lead = tuple[Float32Array, tuple[int, int]]
"""Above 0 inside a tooth, at the radiograph's resolution, and its corner (top, left)."""
Refine = Callable[[Sequence[ToothInstance], Float32Array], Sequence[Lead]]
"""Teeth and the probability (h, w) of no tooth -> the lead of each tooth; see `refinement`."""


def decode(
    planes: Float32Array,
    classes: Sequence[int],
    size: tuple[int, int],
    calibration: Calibration = UNCALIBRATED,
    refine: Refine | None = None,
) -> Teeth:
    """The teeth of a radiograph of `size` (height, width), from the network's output.

    `planes` is float32 (p, h, w): 1 + len(classes) logits, and perhaps two offset planes; see
    `panodent.bundle.bundle.Bundle.network`. No number appears twice, except 0 for teeth that fit no
    free number. Specks are removed. Scores are calibrated and lie in [0, 1]. `refine` replaces the
    outlines; without it the leads at the network's resolution are enlarged.
    """
    found, none = find_teeth(planes, len(classes))
    return outlined(found, none, classes, size, calibration, refine)


def outlined(
    found: Sequence[ToothInstance],
    none: Float32Array,
    classes: Sequence[int],
    size: tuple[int, int],
    calibration: Calibration = UNCALIBRATED,
    refine: Refine | None = None,
) -> Teeth:
    """The teeth that `find_teeth` found in a radiograph of `size`; see `decode`.

    `none` (h, w) is the probability of no tooth.
    """
    plane = (none.shape[0], none.shape[1])
    if refine:
        leads = refine(found, none)
    else:
        leads = [enlarged_lead(tooth, plane, size) for tooth in found]
    scores = np.clip(calibration.of([tooth.score for tooth in found]), 0, 1).tolist()
    items, kept, flags, others = [], [], [], []
    for tooth, score, (lead, (top, left)) in zip(found, scores, leads, strict=True):
        mask, (row, col) = largest_part_filled(lead > 0)
        if mask.size:
            number = classes[tooth.number] if tooth.number >= 0 else UNNUMBERED
            items.append((number, mask, (top + row, left + col)))
            kept.append(score)
            flags.append(_flags(tooth, score))
            near = tooth.margin < MIN_MARGIN and tooth.other >= 0
            others.append(classes[tooth.other] if near else UNNUMBERED)
    return _impossible_flagged(Teeth.from_masks(size, items, kept, flags, others).sorted())


def find_teeth(planes: Float32Array, classes: int) -> tuple[list[ToothInstance], Float32Array]:
    """The teeth of a network's planes (p, h, w), and the probability (h, w) of no tooth.

    `classes` is the number of tooth classes; planes beyond them are offsets.
    """
    logits, offsets = planes[: 1 + classes], planes[1 + classes :]
    probability = Probabilities(logits)
    none = probability.plane(0)
    if len(offsets):
        return instances.find_teeth(probability, none, offsets), none
    return connected_regions.find_teeth(logits), none


def _impossible_flagged(teeth: Teeth) -> Teeth:
    """Flags a deciduous tooth beside its own erupted successor, and that successor, as doubtful."""
    pairs = beside_successor(teeth)
    doubtful = {*pairs, *pairs.values()}
    if not doubtful:
        return teeth
    flags = [f | {"doubtful"} if i in doubtful else f for i, f in enumerate(teeth.flags)]
    return replace(teeth, flags=tuple(flags))


def _flags(tooth: ToothInstance, score: float) -> set[Flag]:
    flags: set[Flag] = set()
    if score < LOW_SCORE or tooth.margin < MIN_MARGIN:
        flags.add("doubtful")
    if tooth.number < 0:
        flags.add("unnumbered")
    return flags


def enlarged_lead(tooth: ToothInstance, plane: tuple[int, int], size: tuple[int, int]) -> Lead:
    """A tooth's lead at the radiograph's resolution, enlarged linearly, and its corner.

    Thresholded at zero it gives an outline between network pixels; an enlarged mask would have
    steps. `plane` is the network's (height, width), `size` the radiograph's.
    """
    row, col = tooth.corner
    scale_y, scale_x = size[0] / plane[0], size[1] / plane[1]
    box = (
        int(np.floor(row * scale_y)),
        int(np.floor(col * scale_x)),
        min(int(np.ceil((row + tooth.lead.shape[0]) * scale_y)), size[0]),
        min(int(np.ceil((col + tooth.lead.shape[1]) * scale_x)), size[1]),
    )
    return enlarged(tooth.lead, box, size, tooth.corner, plane), (box[0], box[1])


def largest_part_filled(mask: BoolArray) -> CroppedMask:
    """The largest connected part of a mask, with its holes filled, cut to its bounding box.

    A mask without pixels becomes an array of shape (0, 0).
    """
    import cv2

    image = np.ascontiguousarray(mask).view(np.uint8)
    rings, _ = cv2.findContours(image, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not rings:
        return np.zeros((0, 0), bool), (0, 0)
    ring = max(rings, key=cv2.contourArea)
    left, top, width, height = cv2.boundingRect(ring)
    filled = np.zeros((height, width), np.uint8)
    cv2.drawContours(filled, [ring], -1, 1, cv2.FILLED, offset=(-left, -top))
    return filled.view(bool), (top, left)
