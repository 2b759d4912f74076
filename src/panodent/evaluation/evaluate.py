"""Scores of many radiographs -> `Evaluation`: every metric with its 95 % bootstrap interval.

`score_pair` compares ground truth and prediction of one radiograph; `summarise` joins many. All
metrics but average precision and calibration error are ratios of two sums over radiographs, so
that a resample of the radiographs is a weighted sum.

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
from panodent.evaluation.average_precision import mask_average_precision
from panodent.evaluation.bootstrap import (
    CONFIDENCE,
    Estimate,
    estimate,
    resampled_ratios,
    resamples,
)
from panodent.evaluation.calibration_error import expected_calibration_error
from panodent.evaluation.case_scores import (
    MIN_IOU,
    NSD_TOLERANCE,
    OBB_SIZE,
    REFERENCE_WIDTH,
    CaseScores,
    score_pair,
)
from panodent.evaluation.metrics import METRICS, Metric, case_row, case_terms

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
AP_SAMPLES = 200
"""At most this many resamples for AP and calibration error, which cost more than the others."""


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
    by_type, by_tooth : the same for each tooth type and each FDI number, as far as they count.
    confusion : confusion matrix of tooth numbers.
    samples, seed : of the bootstrap.
    without_truth : keys of predictions that have no ground truth and were not scored.
    notes : sentences that a reader should know.
    """

    cases: tuple[CaseScores, ...]
    figures: Mapping[str, Estimate]
    by_type: Mapping[str, Mapping[str, Estimate]]
    by_tooth: Mapping[int, Mapping[str, Estimate]]
    confusion: Confusion
    samples: int
    seed: int
    without_truth: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())

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
        by_type, by_tooth (FDI as text), confusion (rows, columns, counts), cases. A figure is
        {value, low, high, count, reason}; a value that does not exist is None, never NaN.
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
            "by_type": {name: _plain(figures) for name, figures in self.by_type.items()},
            "by_tooth": {str(fdi): _plain(figures) for fdi, figures in self.by_tooth.items()},
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
) -> Evaluation:
    """Joins the scores of radiographs; intervals are percentiles over resamples of radiographs.

    The same cases, `samples` and `seed` give the same result; 0 samples give no intervals. Mask AP
    is taken over the 32 permanent teeth and at most `AP_SAMPLES` resamples. Raises `ConfigError`
    for a negative number of samples.
    """
    listed = tuple(cases)
    if samples < 0:
        raise ConfigError(f"samples is {samples}; expected 0 (no intervals) or more")
    # A single radiograph has no spread between radiographs.
    drawn = resamples(len(listed), samples if len(listed) > 1 else 0, seed)
    scopes = _ratios(listed, drawn)
    overall = {name: scopes["all"][name] for name in METRICS if name in scopes["all"]}
    overall |= _average_precision(listed, drawn[:AP_SAMPLES])
    overall["calibration_error"] = _calibration(listed, drawn[:AP_SAMPLES])
    numbers = (*PERMANENT, *(n for n in TEETH if TEETH[n].deciduous and str(n) in scopes))
    return Evaluation(
        cases=listed,
        figures={name: overall[name] for name in METRICS},
        by_type={name: scopes.get(name, {}) for name in TOOTH_TYPES},
        by_tooth={fdi: scopes.get(str(fdi), {}) for fdi in numbers},
        confusion=_confusion(listed, numbers),
        samples=samples,
        seed=seed,
        without_truth=tuple(without_truth),
        notes=tuple(notes),
    )


def _plain(figures: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: asdict(figure) for name, figure in figures.items()}


# --- metrics and intervals ---------------------------------------------------------------------


def _ratios(
    cases: Sequence[CaseScores], drawn: npt.NDArray[np.int64]
) -> dict[str, dict[str, Estimate]]:
    """Scope ('all', a tooth type, an FDI number) -> metric -> estimate."""
    terms = [case_terms(case) for case in cases]
    keys = list(dict.fromkeys(key for case in terms for key in case))
    keys += [("all", name) for name in METRICS if ("all", name) not in keys]
    numerators, denominators = np.zeros((2, len(cases), len(keys)))
    column = {key: index for index, key in enumerate(keys)}
    for row, case in enumerate(terms):
        for key, (numerator, denominator) in case.items():
            numerators[row, column[key]] = numerator
            denominators[row, column[key]] = denominator
    resampled = resampled_ratios(numerators, denominators, drawn)
    scopes: dict[str, dict[str, Estimate]] = {"all": {}}
    for (scope, name), index in column.items():
        total = float(denominators[:, index].sum())
        figures = scopes.setdefault(scope, {})
        if total == 0:
            figures[name] = Estimate(None, reason=_why_none(name, cases))
        else:
            value = float(numerators[:, index].sum()) / total
            figures[name] = estimate(value, resampled[:, index], round(total))
    return scopes


def _why_none(name: str, cases: Sequence[CaseScores]) -> str:
    """Why a metric has no value although there are cases."""
    if METRICS[name].surface and cases and not any(case.with_surfaces for case in cases):
        return "not measured"
    return f"no {METRICS[name].counted} to count"


def _average_precision(
    cases: Sequence[CaseScores], drawn: npt.NDArray[np.int64]
) -> dict[str, Estimate]:
    value, resampled = mask_average_precision(cases, PERMANENT, drawn)
    count = sum(item.fdi in PERMANENT for case in cases for item in case.truth)
    result = {}
    for name in ("ap", "ap50"):
        point = getattr(value, name)
        if point is None:
            result[name] = Estimate(None, reason="no permanent tooth in the truth to count")
        else:
            spread = np.array([getattr(item, name) for item in resampled], np.float64)
            result[name] = estimate(point, spread, count)
    return result


def _calibration(cases: Sequence[CaseScores], drawn: npt.NDArray[np.int64]) -> Estimate:
    scores = [np.array([tooth.score for tooth in case.prediction]) for case in cases]
    correct = [np.array([tooth.correct for tooth in case.prediction], bool) for case in cases]

    def over(chosen: Sequence[int] | npt.NDArray[np.int64]) -> float | None:
        if not len(chosen):
            return None
        return expected_calibration_error(
            np.concatenate([scores[i] for i in chosen]),
            np.concatenate([correct[i] for i in chosen]),
        )

    value = over(range(len(cases)))
    if value is None:
        return Estimate(None, reason="no predicted tooth to count")
    spread = np.array([over(row) for row in drawn], np.float64)  # None becomes NaN
    return estimate(value, spread, sum(map(len, scores)))


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
