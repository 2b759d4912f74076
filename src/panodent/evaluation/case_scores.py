"""One radiograph's truth and prediction -> `CaseScores`: what every figure is summed up from.

Everything is counted in crops: the cost grows with the teeth, not with classes times pixels.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from panodent.dentition import PERMANENT, TEETH
from panodent.errors import TeethError, UnknownToothError
from panodent.evaluation.overlap import (
    Ratios,
    by_number,
    foreground_dice,
    iou_and_dice,
    same_number_pairs,
    shared,
)
from panodent.evaluation.surface_distance import SurfaceDistance, surface_distance
from panodent.teeth.teeth import UNNUMBERED, Teeth

MIN_IOU = 0.5
"""Intersection over union from which an instance counts as lying on a tooth."""
OBB_SIZE = (512, 512)
"""(height, width) to which `dice_obb` brings both masks, as OralBBNet's evaluation does."""
REFERENCE_WIDTH = 1000.0
"""Distances are given as if the radiograph were this many square pixels wide."""
NSD_TOLERANCE = 2.0
"""Tolerance of NSD at `REFERENCE_WIDTH`: one pixel of a radiograph 512 wide."""


@dataclass(frozen=True, slots=True)
class ToothScore:
    """How one tooth of the truth fared.

    `dice` compares it with the predicted tooth of its own number (0 where there is none). `found`
    is the number of the instance that overlaps it best with an IoU of at least `MIN_IOU`:
    0 for one without a number, None where the tooth was missed. `surface` is None where there is
    no tooth of its number to measure to, or where distances were not asked for.
    """

    fdi: int
    dice: float
    found: int | None
    surface: SurfaceDistance | None = None

    @property
    def numbered(self) -> bool:
        """Whether the best-overlapping instance bears the tooth's number."""
        return self.found == self.fdi


@dataclass(frozen=True, slots=True)
class Instance:
    """One tooth as mask AP needs it: number, score, and COCO run-length text of the whole image.

    `right`: whether a tooth of that number lies there in the other side (IoU of `MIN_IOU`).
    """

    fdi: int
    score: float
    area: int
    rle: str
    right: bool = False


@dataclass(frozen=True)
class CaseScores:
    """Scores of one radiograph.

    Attributes
    ----------
    key : the case's name.
    size : (height, width) of the truth in pixels.
    predicted : False where no prediction exists; every figure then counts as 0.
    teeth : one entry for every numbered tooth of the truth.
    extras : numbers of the predicted teeth that the truth lacks; each adds a dice of 0. The number
        0 stands for an instance without a number.
    strays : numbers of predicted instances that lie on no tooth of the truth (IoU below
        `MIN_IOU`). An extra is judged by number, a stray by place.
    detections : class-aware (true positives, false positives, false negatives) at `MIN_IOU`.
    dice_obb : (32,) floats in the order of `PERMANENT`, see `score_pair`.
    foreground : Dice of the union of all teeth.
    counts : teeth in (truth, prediction), those without a number included.
    measured : whether surface distances were asked for.
    truth, prediction : the numbered instances, for mask AP.
    """

    key: str
    size: tuple[int, int]
    predicted: bool
    teeth: tuple[ToothScore, ...]
    extras: tuple[int, ...]
    strays: tuple[int, ...]
    detections: tuple[int, int, int]
    dice_obb: tuple[float, ...]
    foreground: float
    counts: tuple[int, int]
    measured: bool
    truth: tuple[Instance, ...]
    prediction: tuple[Instance, ...]

    @property
    def dice(self) -> float | None:
        """Mean over the truth's teeth and a 0 for each extra; None with neither."""
        count = len(self.teeth) + len(self.extras)
        return sum(tooth.dice for tooth in self.teeth) / count if count else None

    @property
    def numbering(self) -> float | None:
        """Share of the truth's teeth found under their number; None without teeth."""
        return sum(t.numbered for t in self.teeth) / len(self.teeth) if self.teeth else None


def score_pair(
    truth: Teeth,
    prediction: Teeth | None,
    *,
    key: str = "",
    surfaces: bool = False,
    classes: Collection[int] | None = None,
) -> CaseScores:
    """Compares the teeth of one radiograph with its truth.

    `prediction` None means that there is none: every tooth is missed and each figure is 0, also
    where the truth is empty. `surfaces` measures HD95 and NSD too (slow). `classes` restricts both
    sides to these FDI numbers and to teeth without a number.

    Decisions on empty and odd cases:

    - no tooth in the truth, none predicted: `dice` has nothing to count (None), `dice_obb` is 1
      for all 32 teeth, `foreground` is 1;
    - no tooth in the truth, some predicted: each is an extra; `foreground` is 0;
    - a number that stands twice: teeth are paired one to one, best overlap first; a predicted
      tooth left over is an extra, a tooth of the truth left over is missed;
    - an instance without a number on a tooth that was not found under its number leaves that
      tooth at 0 and is no extra besides; on anything else it is an extra;
    - a tooth of the truth without a number is not scored, and an instance on it is no extra.

    Raises `TeethError` if the sizes differ, `UnknownToothError` for classes that are no teeth.
    """
    truth = _restricted(truth, classes)
    found = Teeth.empty(truth.size) if prediction is None else _restricted(prediction, classes)
    if truth.size != found.size:
        raise TeethError(
            f"{key + ': ' if key else ''}the prediction is for an image of (height, width) "
            f"{found.size}, the truth for {truth.size}; resize one with Teeth.resized"
        )
    iou, dice = iou_and_dice(truth, found)
    pairs = same_number_pairs(truth, found, dice)
    extras, ignored = _extras(truth, found, iou, pairs)
    right = {i: j for i, j in pairs.items() if iou[i, j] >= MIN_IOU}
    hits = len(right)
    numbered = int(np.count_nonzero(truth.fdi))
    false = len(found) - hits - ignored
    lying = iou.max(axis=0, initial=0.0) >= MIN_IOU
    return CaseScores(
        key=key,
        size=truth.size,
        predicted=prediction is not None,
        teeth=_tooth_scores(truth, found, iou, dice, pairs, surfaces),
        extras=extras,
        strays=tuple(found.fdi[~lying].tolist()),
        detections=(hits, false, numbered - hits),
        dice_obb=_dice_obb(truth, found) if prediction is not None else (0.0,) * len(PERMANENT),
        foreground=foreground_dice(truth, found) if prediction is not None else 0.0,
        counts=(len(truth), len(found)),
        measured=surfaces,
        truth=_instances(truth, right.keys()),
        prediction=_instances(found, right.values()),
    )


def _restricted(teeth: Teeth, classes: Collection[int] | None) -> Teeth:
    if classes is None:
        return teeth
    if unknown := set(classes) - set(TEETH):
        raise UnknownToothError(f"classes hold {sorted(unknown)}, which are no FDI numbers")
    return teeth.select(np.isin(teeth.fdi, [UNNUMBERED, *classes]))


def _extras(
    truth: Teeth, found: Teeth, iou: Ratios, pairs: dict[int, int]
) -> tuple[tuple[int, ...], int]:
    """Numbers of the predicted teeth that the truth lacks, and how many instances are excused.

    Excused, and no false positive either, is an instance that lies on a tooth of the truth without
    a number, or that has no number and lies on a tooth which was not found under its own.
    """
    unnamed = {row for row in range(len(truth)) if truth.fdi[row] == UNNUMBERED}
    open_teeth = {row for row in range(len(truth)) if row not in pairs} - unnamed
    open_teeth |= {row for row, col in pairs.items() if iou[row, col] < MIN_IOU}
    extras, excused = [], 0
    for col in range(len(found)):
        if col in pairs.values():
            continue
        allowed = unnamed | open_teeth if found.fdi[col] == UNNUMBERED else unnamed
        lies_on = [row for row in allowed if iou[row, col] >= MIN_IOU]
        if not lies_on:
            extras.append(int(found.fdi[col]))
            continue
        excused += 1
        # A tooth excuses one instance: a second one on it is one too many.
        best = max(lies_on, key=lambda row: float(iou[row, col]))
        open_teeth.discard(best)
        unnamed.discard(best)
    return tuple(extras), excused


def _tooth_scores(
    truth: Teeth,
    found: Teeth,
    iou: Ratios,
    dice: Ratios,
    pairs: dict[int, int],
    surfaces: bool,
) -> tuple[ToothScore, ...]:
    scores = []
    scale = REFERENCE_WIDTH / truth.size[1]
    for row, (fdi, box, mask) in enumerate(truth):
        if fdi == UNNUMBERED:
            continue
        best = int(np.argmax(iou[row])) if len(found) else -1
        number = int(found.fdi[best]) if best >= 0 and iou[row, best] >= MIN_IOU else None
        col = pairs.get(row)
        measured = None
        if surfaces and col is not None:
            other = (found.boxes[col], found.masks[col])
            near = surface_distance((box, mask), other, NSD_TOLERANCE / scale)
            measured = SurfaceDistance(near.hd95 * scale, near.nsd)
        value = float(dice[row, col]) if col is not None else 0.0
        scores.append(ToothScore(fdi, value, number, measured))
    return tuple(scores)


def _dice_obb(truth: Teeth, found: Teeth) -> tuple[float, ...]:
    """Dice of the 32 permanent teeth at `OBB_SIZE`, teeth of one number joined.

    As OralBBNet counts (https://arxiv.org/abs/2406.03747): absent and not predicted is 1, absent
    but predicted and present but missed are 0.
    """
    sides = [
        by_number(teeth if teeth.size == OBB_SIZE else teeth.resized(OBB_SIZE))
        for teeth in (truth, found)
    ]
    values = []
    for fdi in PERMANENT:
        first, second = (side.get(fdi) for side in sides)
        if first is None or second is None:
            values.append(1.0 if first is second else 0.0)
            continue
        areas = int(np.count_nonzero(first[1])) + int(np.count_nonzero(second[1]))
        values.append(2 * shared(first, second) / areas)
    return tuple(values)


def _instances(teeth: Teeth, right: Collection[int]) -> tuple[Instance, ...]:
    areas = teeth.areas.tolist()
    return tuple(
        Instance(fdi, float(teeth.scores[index]), areas[index], teeth.rle(index), index in right)
        for index, fdi in enumerate(teeth.fdi.tolist())
        if fdi != UNNUMBERED
    )
