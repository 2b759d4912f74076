"""Matches the teeth of a prediction with those of the ground truth, by number and by overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panodent.teeth.overlap import intersections, iou_and_dice
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray, Float64Array

MIN_IOU = 0.5
"""Intersection over union from which a predicted instance matches a tooth by place."""
MOSTLY_INSIDE = 0.5
"""An instance with more than this share of its pixels in an ignore region lies on the region."""


@dataclass(frozen=True)
class Matching:
    """How n numbered teeth of the ground truth and m predicted instances belong together.

    Attributes
    ----------
    iou, dice : (n, m) float64, overlap of every tooth with every instance.
    pairs : row -> column of teeth with the same number, one to one.
    extras : numbers of predicted instances that the ground truth lacks, 0 without a number.
    excused : how many unpaired instances count neither as extra nor as false positive.
    """

    iou: Float64Array
    dice: Float64Array
    pairs: dict[int, int]
    extras: tuple[int, ...]
    excused: int

    @property
    def correct(self) -> dict[int, int]:
        """The pairs that also match by place: true positives."""
        return {row: col for row, col in self.pairs.items() if self.iou[row, col] >= MIN_IOU}

    @property
    def on_a_tooth(self) -> BoolArray:
        """(m,) whether an instance matches any tooth by place, whatever their numbers."""
        return self.iou.max(axis=0, initial=0.0) >= MIN_IOU

    def best_column(self, row: int) -> int | None:
        """The instance that overlaps a tooth most, None when it does not match by place."""
        if not self.iou.shape[1]:
            return None
        best = int(np.argmax(self.iou[row]))
        return best if self.iou[row, best] >= MIN_IOU else None


def match_teeth(truth: Teeth, prediction: Teeth) -> Matching:
    """Matches two records of one radiograph; both must have the same size.

    Teeth of the ground truth without a number must be taken out before, and the instances on them,
    see `on_ignore_regions`.

    >>> square = np.ones((10, 10), bool)
    >>> truth = Teeth.from_masks((20, 40), [(36, square, (5, 5)), (37, square, (5, 25))])
    >>> found = Teeth.from_masks((20, 40), [(36, square, (5, 5)), (48, square, (5, 25))])
    >>> matching = match_teeth(truth, found)
    >>> matching.pairs, matching.extras
    ({0: 0}, (48,))
    """
    iou, dice = iou_and_dice(truth, prediction)
    pairs = same_number_pairs(truth, prediction, dice)
    extras, excused = _extras(truth, prediction, iou, pairs)
    return Matching(iou, dice, pairs, extras, excused)


def same_number_pairs(truth: Teeth, prediction: Teeth, dice: Float64Array) -> dict[int, int]:
    """Row of the ground truth -> column of the prediction, for numbered teeth of the same number.

    Where a number occurs several times, teeth are paired one to one, the largest Dice first.
    """
    alike = (truth.fdi[:, None] == prediction.fdi[None, :]) & (truth.fdi[:, None] != UNNUMBERED)
    rows, cols = np.nonzero(alike)
    pairs: dict[int, int] = {}
    for place in np.argsort(-dice[rows, cols], kind="stable").tolist():
        row, col = int(rows[place]), int(cols[place])
        if row not in pairs and col not in pairs.values():
            pairs[row] = col
    return pairs


def on_ignore_regions(truth: Teeth, prediction: Teeth) -> BoolArray:
    """(m,) whether each predicted instance lies on an ignore region, so that it is not scored.

    An ignore region is a tooth of the ground truth without a number. An instance lies on it with
    an IoU of at least `MIN_IOU`, or with more than `MOSTLY_INSIDE` of its own pixels; any number of
    instances may. An instance that matches a numbered tooth by place is always scored.

    >>> square = np.ones((10, 10), bool)
    >>> truth = Teeth.from_masks((20, 60), [(36, square, (5, 5)), (0, square, (5, 25))])
    >>> places = [(36, square, (5, 5)), (37, square, (5, 29)), (38, square, (5, 45))]
    >>> on_ignore_regions(truth, Teeth.from_masks((20, 60), places)).tolist()
    [False, True, False]
    """
    unnumbered = truth.fdi == UNNUMBERED
    if not unnumbered.any():
        return np.zeros(len(prediction), bool)
    iou, _ = iou_and_dice(truth, prediction)
    inside = intersections(truth.select(unnumbered), prediction) / prediction.areas[None, :]
    on_region = iou[unnumbered].max(axis=0) >= MIN_IOU
    on_region |= inside.max(axis=0) > MOSTLY_INSIDE
    on_a_tooth = iou[~unnumbered].max(axis=0, initial=0.0) >= MIN_IOU
    result: BoolArray = on_region & ~on_a_tooth
    return result


def _extras(
    truth: Teeth, prediction: Teeth, iou: Float64Array, pairs: dict[int, int]
) -> tuple[tuple[int, ...], int]:
    """Numbers of unpaired instances that count as extra, and how many others are excused.

    An instance is excused when it has no number and lies on a tooth that was not found under its
    own number.
    """
    not_found = {row for row in range(len(truth)) if row not in pairs}
    not_found |= {row for row, col in pairs.items() if iou[row, col] < MIN_IOU}
    extras, excused = [], 0
    for col in range(len(prediction)):
        if col in pairs.values():
            continue
        without_number = prediction.fdi[col] == UNNUMBERED
        lies_on = [row for row in not_found if without_number and iou[row, col] >= MIN_IOU]
        if not lies_on:
            extras.append(int(prediction.fdi[col]))
            continue
        excused += 1
        # A tooth excuses one instance; a second one on it is an extra.
        not_found.discard(max(lies_on, key=lambda row: float(iou[row, col])))
    return tuple(extras), excused
