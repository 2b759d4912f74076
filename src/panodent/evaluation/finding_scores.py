"""Compares found with annotated findings of one radiograph.

Found objects that lie mostly where the annotation is unclear count neither as right nor as wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.dentition import PERMANENT
from panodent.formats.finding_annotations import AnnotatedFindings
from panodent.teeth.finding_kinds import KINDS, RESTORATIONS
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.overlap import intersections
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray, Float64Array

LEVELS = (0.3, 0.5)
"""Intersection over union from which an object counts as found."""
COVERED = 0.5
"""Share of an object's pixels from which it counts as covered."""


@dataclass(frozen=True)
class KindScore:
    """One kind in one radiograph.

    Attributes
    ----------
    annotated : number of annotated objects.
    scores : (m,) of the found objects that count, the highest first.
    right : level -> (m,) bool, whether each is matched with an annotated object of the kind.
    assigned : matched objects whose annotation has a number, and those with the right one.
    teeth : true and false positives, false and true negatives of "this tooth has it".
    """

    annotated: int
    scores: Float64Array
    right: Mapping[float, BoolArray]
    assigned: tuple[int, int]
    teeth: tuple[int, int, int, int]


@dataclass(frozen=True)
class FindingCase:
    """The findings of one radiograph, compared.

    Attributes
    ----------
    key : of the radiograph.
    kinds : scores by kind.
    covered : annotated restorations, and those covered by found ones.
    confirmed : found restorations that count, and those covered by annotated ones.
    pixels : pixels of annotated and of found restorations, and of both.
    implants : annotated implants, and those where no tooth was found.
    found : number of found objects that count.
    confusion : (kinds + 1, kinds + 1) int64; rows annotated, then none; columns found, then none.
    """

    key: str
    kinds: Mapping[str, KindScore]
    covered: tuple[int, int]
    confirmed: tuple[int, int]
    pixels: tuple[int, int, int]
    implants: tuple[int, int]
    found: int
    confusion: npt.NDArray[np.int64]

    @property
    def plain(self) -> bool:
        """Whether nothing is annotated."""
        return not any(kind.annotated for kind in self.kinds.values())


def score_findings(
    truth: AnnotatedFindings,
    found: Findings,
    teeth: Teeth,
    found_teeth: Teeth,
    key: str = "",
) -> FindingCase:
    """Scores of one radiograph; all arguments are of one size.

    `teeth` are the annotated teeth, `found_teeth` those found. Objects are matched one to one, the
    highest score first, each with the free annotated object of its kind that it overlaps most.
    """
    found = counted(found, truth.unclear)
    iou = object_iou(truth.findings.marks, found.marks)
    present = set(teeth.fdi.tolist()) - {NOWHERE}
    return FindingCase(
        key,
        {kind: _kind_score(kind, truth.findings, found, iou, present) for kind in KINDS},
        _covered(truth.findings, found.union(RESTORATIONS)),
        _covered(found, truth.findings.union(RESTORATIONS)),
        _pixels(truth, found),
        _implants(truth.findings, found_teeth),
        len(found),
        _confusion(truth.findings, found, iou),
    )


def counted(found: Findings, unclear: BoolArray) -> Findings:
    """The found objects that do not lie mostly where the annotation is unclear."""
    kept = []
    for index, finding in enumerate(found):
        top, left, bottom, right = finding.box
        hidden = np.count_nonzero(finding.mask & unclear[top:bottom, left:right])
        if hidden <= COVERED * np.count_nonzero(finding.mask):
            kept.append(index)
    return found.select(np.array(kept, int))


def object_iou(first: Teeth, second: Teeth) -> Float64Array:
    """(n, m) intersection over union of every object with every other."""
    both = intersections(first, second)
    total = first.areas.reshape(-1, 1) + second.areas.reshape(1, -1)
    return np.asarray(both / np.maximum(total - both, 1), np.float64)


def matched(iou: Float64Array, least: float) -> dict[int, int]:
    """Column -> row of an overlap matrix (n, m) whose columns are sorted by score, highest first.

    One to one; each column takes the free row that it overlaps most, if by `least` or more.
    """
    pairs: dict[int, int] = {}
    for col in range(iou.shape[1]):
        free = [row for row in range(iou.shape[0]) if row not in pairs.values()]
        if free:
            row = max(free, key=lambda row: iou[row, col])
            if iou[row, col] >= least:
                pairs[col] = row
    return pairs


def _kind_score(
    kind: str, truth: Findings, found: Findings, iou: Float64Array, present: set[int]
) -> KindScore:
    rows = [i for i, name in enumerate(truth.kinds) if name == kind]
    cols = [i for i, name in enumerate(found.kinds) if name == kind]
    cols.sort(key=lambda i: -float(found.scores[i]))
    own = iou[np.ix_(rows, cols)]
    right = {}
    for level in LEVELS:
        pairs = matched(own, level)
        right[level] = np.array([col in pairs for col in range(len(cols))], bool)
    pairs = matched(own, LEVELS[0])
    numbers = [(int(truth.fdi[rows[row]]), int(found.fdi[cols[col]])) for col, row in pairs.items()]
    numbered = [pair for pair in numbers if pair[0] != NOWHERE]
    there = {int(truth.fdi[i]) for i in rows} - {NOWHERE}
    said = {int(found.fdi[i]) for i in cols} - {NOWHERE}
    units = present | there
    if KINDS[kind].carrier != "tooth":
        units = units | set(PERMANENT)
    said &= units
    yes_no = (
        len(said & there),
        len(said - there),
        len(there - said),
        len(units - said - there),
    )
    return KindScore(
        len(rows),
        found.scores[cols].astype(np.float64),
        right,
        (len(numbered), sum(a == b for a, b in numbered)),
        yes_no,
    )


def _covered(objects: Findings, area: BoolArray) -> tuple[int, int]:
    """Restorations, and those of which at least half the pixels lie in an area (height, width)."""
    count = inside = 0
    for finding in objects.of_kind(*RESTORATIONS):
        top, left, bottom, right = finding.box
        share = np.count_nonzero(finding.mask & area[top:bottom, left:right])
        count += 1
        inside += int(share >= COVERED * np.count_nonzero(finding.mask))
    return count, inside


def _pixels(truth: AnnotatedFindings, found: Findings) -> tuple[int, int, int]:
    clear = ~truth.unclear
    there = truth.findings.union(RESTORATIONS) & clear
    said = found.union(RESTORATIONS) & clear
    return int(there.sum()), int(said.sum()), int((there & said).sum())


def _implants(truth: Findings, teeth: Teeth) -> tuple[int, int]:
    """Annotated implants, and those where no tooth was found.

    A tooth was found there when it and the implant share more than half of either's pixels.
    """
    implants = truth.of_kind("implant").marks
    both = intersections(implants, teeth)
    smaller = np.minimum(implants.areas.reshape(-1, 1), teeth.areas.reshape(1, -1))
    taken = (both > COVERED * smaller).any(axis=1) if len(teeth) else np.zeros(len(implants), bool)
    return len(implants), int(np.count_nonzero(~taken))


def _confusion(truth: Findings, found: Findings, iou: Float64Array) -> npt.NDArray[np.int64]:
    """Objects matched by place alone, IoU of at least `LEVELS[0]`."""
    names = list(KINDS)
    counts = np.zeros((len(names) + 1, len(names) + 1), np.int64)
    order = np.argsort(-found.scores, kind="stable")
    pairs = {int(order[col]): row for col, row in matched(iou[:, order], LEVELS[0]).items()}
    for col, row in pairs.items():
        counts[names.index(truth.kinds[row]), names.index(found.kinds[col])] += 1
    for row in set(range(len(truth))) - set(pairs.values()):
        counts[names.index(truth.kinds[row]), -1] += 1
    for col in set(range(len(found))) - set(pairs):
        counts[-1, names.index(found.kinds[col])] += 1
    return counts
