"""Scores of many radiographs -> `Evaluation`: every metric with its 95 % bootstrap interval.

`score_pair` compares ground truth and prediction of one radiograph; `summarise` joins many, and
compares groups of them.

>>> summarise([], samples=0).figures["dice"].reason
'no teeth to count'
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.dentition import PERMANENT, TEETH, TOOTH_TYPES
from panodent.errors import ConfigError
from panodent.evaluation.bootstrap import CONFIDENCE, Estimate, resamples
from panodent.evaluation.case_scores import (
    MIN_IOU,
    NSD_TOLERANCE,
    OBB_SIZE,
    REFERENCE_WIDTH,
    CaseScores,
    score_pair,
)
from panodent.evaluation.figures import KINDS, estimates, figures_by_scope
from panodent.evaluation.grouping import Grouping
from panodent.evaluation.groups import Groups, compared
from panodent.evaluation.metrics import DECIDUOUS_TYPES, METRICS, Metric, case_row
from panodent.utils.wording import counted

__all__ = [
    "METRICS",
    "CaseScores",
    "Confusion",
    "Estimate",
    "Evaluation",
    "Metric",
    "score_pair",
    "summarise",
]

SCHEMA = "panodent-scores/1"


@dataclass(frozen=True)
class Confusion:
    """Confusion matrix of tooth numbers, matched by place (most overlap, IoU of at least 0.5).

    Attributes
    ----------
    rows : numbers in the ground truth, then "extra": predicted instances that overlap no tooth.
    columns : predicted numbers, then "unnumbered", then "missed".
    counts : (rows, columns) int64.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Evaluation:
    """The scores of many radiographs.

    Attributes
    ----------
    cases : scores of each radiograph.
    figures : metric -> estimate over all radiographs; names and order are those of `METRICS`.
    by_kind : the same for permanent and for deciduous teeth, as far as they count.
    by_type, by_tooth : the same for each tooth type and each FDI number. Deciduous kinds, types
        and numbers are there if the ground truth or the predictions have such a tooth.
    confusion : confusion matrix of tooth numbers.
    groups : groups of radiographs that were asked for, by their name.
    samples, seed : of the bootstrap.
    without_truth : keys of predictions that have no ground truth and were not scored.
    notes : sentences that a reader should know.
    """

    cases: tuple[CaseScores, ...]
    figures: Mapping[str, Estimate]
    by_kind: Mapping[str, Mapping[str, Estimate]]
    by_type: Mapping[str, Mapping[str, Estimate]]
    by_tooth: Mapping[int, Mapping[str, Estimate]]
    confusion: Confusion
    samples: int
    seed: int
    without_truth: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())
    groups: Mapping[str, Groups] = field(default_factory=dict)

    @property
    def without_prediction(self) -> tuple[str, ...]:
        """Cases that have no prediction and count as 0."""
        return tuple(case.key for case in self.cases if not case.predicted)

    def headline(self, digits: int = 4) -> dict[str, Any]:
        """The metrics as a bundle's card shows them: {name: [value, low, high]}, rounded.

        Metrics without a value are left out; ends of an interval that does not exist are None.
        """
        return {
            name: [
                None if number is None else round(number, digits)
                for number in (figure.value, figure.low, figure.high)
            ]
            for name, figure in self.figures.items()
            if figure.value is not None
        }

    def rows(self) -> list[dict[str, Any]]:
        """The table of cases in their order; see `panodent.evaluation.metrics.case_row`."""
        return [case_row(case) for case in self.cases]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values: the content of scores.json.

        Keys: schema, settings, case_count, without_prediction, without_truth, notes, figures,
        by_kind, by_type, by_tooth (FDI as text), groups, confusion (rows, columns, counts), cases.
        A figure is {value, low, high, count, reason}; a value that does not exist is None, never
        NaN.
        """
        return {
            "schema": SCHEMA,
            "settings": {
                "min_iou": MIN_IOU,
                "dice_obb_size": list(OBB_SIZE),
                "reference_width": REFERENCE_WIDTH,
                "nsd_tolerance": NSD_TOLERANCE,
                "confidence": CONFIDENCE,
                "samples": self.samples,
                "seed": self.seed,
            },
            "case_count": len(self.cases),
            "without_prediction": list(self.without_prediction),
            "without_truth": list(self.without_truth),
            "notes": list(self.notes),
            "figures": _plain(self.figures),
            "by_kind": {name: _plain(figures) for name, figures in self.by_kind.items()},
            "by_type": {name: _plain(figures) for name, figures in self.by_type.items()},
            "by_tooth": {str(fdi): _plain(figures) for fdi, figures in self.by_tooth.items()},
            "groups": {name: groups.to_dict() for name, groups in self.groups.items()},
            "confusion": {
                "rows": list(self.confusion.rows),
                "columns": list(self.confusion.columns),
                "counts": self.confusion.counts.tolist(),
            },
            "cases": self.rows(),
        }

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"


def summarise(
    cases: Iterable[CaseScores],
    samples: int = 1000,
    seed: int = 0,
    *,
    without_truth: Sequence[str] = (),
    notes: Sequence[str] = (),
    groupings: Sequence[Grouping] = (),
) -> Evaluation:
    """Joins the scores of radiographs; intervals are percentiles over resamples of radiographs.

    The same cases, `samples` and `seed` give the same result; 0 samples give no intervals. Mask AP
    and calibration error take at most `AP_SAMPLES` of `panodent.evaluation.figures` resamples.
    `groupings` say how the cases are divided into groups, see `panodent.evaluation.grouping`.
    Raises `ConfigError` for a negative number of samples.
    """
    listed = tuple(cases)
    if samples < 0:
        raise ConfigError(f"samples is {samples}; expected 0 (no intervals) or more")
    # A single radiograph has no spread between radiographs.
    drawn = resamples(len(listed), samples if len(listed) > 1 else 0, seed)
    scopes = {name: estimates(figures) for name, figures in figures_by_scope(listed, drawn).items()}
    kinds = [name for name in KINDS if name in scopes]
    types = (*TOOTH_TYPES, *(name for name in DECIDUOUS_TYPES if name in scopes))
    numbers = (*PERMANENT, *(n for n in TEETH if TEETH[n].deciduous and str(n) in scopes))
    return Evaluation(
        cases=listed,
        figures=scopes["all"],
        by_kind={name: scopes[name] for name in kinds},
        by_type={name: scopes.get(name, {}) for name in types},
        by_tooth={fdi: scopes.get(str(fdi), {}) for fdi in numbers},
        confusion=_confusion(listed, numbers),
        samples=samples,
        seed=seed,
        without_truth=tuple(without_truth),
        notes=(*notes, *_about_regions(listed)),
        groups={item.name: compared(listed, item, samples, seed) for item in groupings},
    )


def _about_regions(cases: Sequence[CaseScores]) -> tuple[str, ...]:
    """A note on ignore regions, if there are any."""
    count = sum(case.regions for case in cases)
    if not count:
        return ()
    regions = counted(count, "ignore region", "ignore regions")
    where = counted(sum(case.regions > 0 for case in cases), "radiograph", "radiographs")
    left_out = sum(len(case.ignored) for case in cases)
    return (
        f"the ground truth has {regions} (teeth without a number) in {where}; they are not scored, "
        f"and neither are predicted teeth on them ({left_out})",
    )


def _plain(figures: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: asdict(figure) for name, figure in figures.items()}


def _confusion(cases: Sequence[CaseScores], numbers: Sequence[int]) -> Confusion:
    """The matrix over all cases; `numbers` are the FDI numbers of its rows and columns."""
    place: dict[int | None, int] = {fdi: index for index, fdi in enumerate(numbers)}
    place |= {0: len(numbers), None: len(numbers) + 1}
    counts = np.zeros((len(numbers) + 1, len(numbers) + 2), np.int64)
    for case in cases:
        for tooth in case.teeth:
            counts[place[tooth.fdi], place[tooth.found_as]] += 1
        for fdi in case.unmatched:
            counts[len(numbers), place[fdi]] += 1
    names = tuple(str(fdi) for fdi in numbers)
    return Confusion((*names, "extra"), (*names, "unnumbered", "missed"), counts)
