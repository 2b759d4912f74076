"""Scores of one radiograph: ground truth and prediction -> `CaseScores`.

Every metric over many radiographs (`panodent.evaluation.evaluate`) is computed from these.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from panodent.analysis.dentition_stage import Stage, stage
from panodent.dentition import PERMANENT, TEETH
from panodent.errors import TeethError, UnknownToothError
from panodent.evaluation.matching import MIN_IOU, Matching, match_teeth, on_ignore_regions
from panodent.evaluation.surface_distance import SurfaceDistance, surface_distance
from panodent.teeth.overlap import crops_by_number, foreground_dice, intersection
from panodent.teeth.teeth import UNNUMBERED, Teeth

__all__ = [
    "MIN_IOU",
    "NSD_TOLERANCE",
    "OBB_SIZE",
    "REFERENCE_WIDTH",
    "CaseScores",
    "Instance",
    "ToothScore",
    "score_pair",
]

OBB_SIZE = (512, 512)
"""(height, width) to which `dice_obb` resizes both masks, as OralBBNet's evaluation does."""
REFERENCE_WIDTH = 1000.0
"""Distances are scaled to a radiograph that is this many square pixels wide."""
NSD_TOLERANCE = 2.0
"""Tolerance of NSD at `REFERENCE_WIDTH`: about one pixel of a radiograph 512 pixels wide."""


@dataclass(frozen=True, slots=True)
class ToothScore:
    """The scores of one tooth of the ground truth.

    Attributes
    ----------
    fdi : the tooth's number.
    dice : Dice with the predicted tooth of the same number, 0 where there is none.
    found_as : number of the predicted instance that overlaps the tooth most, with an IoU of at
        least `MIN_IOU`; 0 for an instance without a number, None where the tooth was missed.
    surface : distance to the predicted tooth of the same number, scaled to `REFERENCE_WIDTH`; None
        where there is no such tooth, or where distances were not asked for.
    """

    fdi: int
    dice: float
    found_as: int | None
    surface: SurfaceDistance | None = None

    @property
    def correctly_numbered(self) -> bool:
        """Whether the instance that overlaps the tooth most has its number."""
        return self.found_as == self.fdi


@dataclass(frozen=True, slots=True)
class Instance:
    """One numbered tooth as average precision and calibration error need it.

    Attributes
    ----------
    fdi, score, area : number, score of 0 to 1, pixels.
    rle : mask of the whole image as COCO's compressed run-length text.
    correct : whether the other side has a tooth of the same number with an IoU of at least
        `MIN_IOU`.
    """

    fdi: int
    score: float
    area: int
    rle: str
    correct: bool = False


@dataclass(frozen=True)
class CaseScores:
    """The scores of one radiograph.

    Attributes
    ----------
    key : name of the case.
    size : (height, width) of the ground truth in pixels.
    predicted : False where no prediction exists; every metric then counts as 0.
    teeth : a score for every numbered tooth of the ground truth.
    extras : numbers of predicted teeth that the ground truth lacks, 0 for an instance without a
        number; each adds a Dice of 0.
    unmatched : numbers of predicted instances that overlap no tooth of the ground truth (IoU below
        `MIN_IOU`). Extras are judged by number, unmatched instances by place.
    detections : (true positives, false positives, false negatives) at `MIN_IOU`; a true positive
        has the right number.
    dice_obb : 32 floats in the order of `PERMANENT`, see `score_pair`.
    foreground : Dice of the union of all teeth.
    counts : teeth in (ground truth, prediction) that are scored.
    regions : ignore regions: teeth of the ground truth without a number.
    ignored : numbers of predicted instances on them; these count in no metric.
    dentition : stage of the dentition by the ground truth, None without a numbered tooth.
    with_surfaces : whether surface distances were asked for.
    truth, prediction : the numbered teeth of both sides, for average precision.
    """

    key: str
    size: tuple[int, int]
    predicted: bool
    teeth: tuple[ToothScore, ...]
    extras: tuple[int, ...]
    unmatched: tuple[int, ...]
    detections: tuple[int, int, int]
    dice_obb: tuple[float, ...]
    foreground: float
    counts: tuple[int, int]
    regions: int
    ignored: tuple[int, ...]
    dentition: Stage | None
    with_surfaces: bool
    truth: tuple[Instance, ...]
    prediction: tuple[Instance, ...]

    @property
    def dice(self) -> float | None:
        """Mean over the teeth and a 0 for each extra; None with neither."""
        count = len(self.teeth) + len(self.extras)
        return sum(tooth.dice for tooth in self.teeth) / count if count else None

    @property
    def numbering(self) -> float | None:
        """Share of the teeth found with their number; None without teeth."""
        correct = sum(tooth.correctly_numbered for tooth in self.teeth)
        return correct / len(self.teeth) if self.teeth else None


def score_pair(
    truth: Teeth,
    prediction: Teeth | None,
    *,
    key: str = "",
    surfaces: bool = False,
    classes: Collection[int] | None = None,
) -> CaseScores:
    """Scores the predicted teeth of one radiograph against its ground truth.

    `prediction` None means that there is none: every tooth is missed and each metric is 0, also
    where the ground truth is empty. `surfaces` measures HD95 and NSD too (slow). `classes`
    restricts both sides to these FDI numbers and to teeth without a number.

    Empty and ambiguous cases:

    - no tooth in the ground truth, none predicted: `dice` has nothing to count (None), `dice_obb`
      is 1 for all 32 teeth, `foreground` is 1;
    - no tooth in the ground truth, some predicted: each is an extra; `foreground` is 0;
    - a number that occurs twice: teeth are paired one to one, largest Dice first; a predicted tooth
      left over is an extra, a tooth of the ground truth left over is missed;
    - an instance without a number on a tooth that was not found with its number leaves the tooth
      at 0 and is not an extra; anywhere else it is an extra;
    - a tooth of the ground truth without a number is an ignore region: it is not scored, and
      neither is an instance on it, see `panodent.evaluation.matching.on_ignore_regions`;
      `foreground` leaves out its pixels.

    Raises `TeethError` if the sizes differ, `UnknownToothError` for classes that are not teeth.

    >>> square = np.ones((10, 10), bool)
    >>> truth = Teeth.from_masks((20, 40), [(36, square, (5, 5)), (37, square, (5, 25))])
    >>> score_pair(truth, truth.select(truth.fdi == 36)).dice
    0.5
    """
    truth = _restricted(truth, classes)
    if prediction is None:
        found = Teeth.empty(truth.size)
        return _case_scores(key, truth, found, surfaces, predicted=False)
    found = _restricted(prediction, classes)
    if truth.size != found.size:
        raise TeethError(
            f"{key + ': ' if key else ''}the prediction is for an image of (height, width) "
            f"{found.size}, the ground truth for {truth.size}; resize one with Teeth.resized"
        )
    return _case_scores(key, truth, found, surfaces, predicted=True)


def _restricted(teeth: Teeth, classes: Collection[int] | None) -> Teeth:
    if classes is None:
        return teeth
    if unknown := set(classes) - set(TEETH):
        raise UnknownToothError(f"classes hold {sorted(unknown)}, which are no FDI numbers")
    return teeth.select(np.isin(teeth.fdi, [UNNUMBERED, *classes]))


def _case_scores(
    key: str, truth: Teeth, found: Teeth, surfaces: bool, predicted: bool
) -> CaseScores:
    regions = truth.select(truth.fdi == UNNUMBERED)
    on_region = on_ignore_regions(truth, found)
    ignored = found.fdi[on_region].tolist()
    truth, found = truth.numbered(), found.select(~on_region)
    matching = match_teeth(truth, found)
    correct = matching.correct
    false_positives = len(found) - len(correct) - matching.excused
    known = stage(truth)
    return CaseScores(
        key=key,
        size=truth.size,
        predicted=predicted,
        teeth=_tooth_scores(truth, found, matching, surfaces),
        extras=matching.extras,
        unmatched=tuple(found.fdi[~matching.on_a_tooth].tolist()),
        detections=(len(correct), false_positives, len(truth) - len(correct)),
        dice_obb=_dice_obb(truth, found) if predicted else (0.0,) * len(PERMANENT),
        foreground=foreground_dice(truth, found, regions) if predicted else 0.0,
        counts=(len(truth), len(found)),
        regions=len(regions),
        ignored=tuple(ignored),
        dentition=known[0] if known else None,
        with_surfaces=surfaces,
        truth=_instances(truth, correct.keys()),
        prediction=_instances(found, correct.values()),
    )


def _tooth_scores(
    truth: Teeth, found: Teeth, matching: Matching, surfaces: bool
) -> tuple[ToothScore, ...]:
    scores = []
    scale = REFERENCE_WIDTH / truth.size[1]
    for row, (fdi, box, mask) in enumerate(truth):
        best = matching.best_column(row)
        found_as = None if best is None else int(found.fdi[best])
        col = matching.pairs.get(row)
        surface = None
        if surfaces and col is not None:
            other = (found.boxes[col], found.masks[col])
            distance = surface_distance((box, mask), other, NSD_TOLERANCE / scale)
            surface = SurfaceDistance(distance.hd95 * scale, distance.nsd)
        dice = float(matching.dice[row, col]) if col is not None else 0.0
        scores.append(ToothScore(fdi, dice, found_as, surface))
    return tuple(scores)


def _dice_obb(truth: Teeth, found: Teeth) -> tuple[float, ...]:
    """Dice of the 32 permanent teeth at `OBB_SIZE`; teeth of the same number are joined.

    As OralBBNet counts (https://arxiv.org/abs/2406.03747): 1 for a tooth that is absent and not
    predicted, 0 for one that is absent but predicted, or present but missed.
    """
    sides = [
        crops_by_number(teeth if teeth.size == OBB_SIZE else teeth.resized(OBB_SIZE))
        for teeth in (truth, found)
    ]
    values = []
    for fdi in PERMANENT:
        first, second = (side.get(fdi) for side in sides)
        if first is None or second is None:
            values.append(1.0 if first is second else 0.0)
            continue
        areas = int(np.count_nonzero(first[1])) + int(np.count_nonzero(second[1]))
        values.append(2 * intersection(first, second) / areas)
    return tuple(values)


def _instances(teeth: Teeth, correct: Collection[int]) -> tuple[Instance, ...]:
    """The numbered teeth; `correct` are positions in the record."""
    areas = teeth.areas.tolist()
    return tuple(
        Instance(fdi, float(teeth.scores[index]), areas[index], teeth.rle(index), index in correct)
        for index, fdi in enumerate(teeth.fdi.tolist())
        if fdi != UNNUMBERED
    )
