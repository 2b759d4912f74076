"""Scores of many radiographs -> `Evaluation`: every figure with its 95 % bootstrap interval.

`score_pair` compares one radiograph's truth and prediction; `summarise` joins many. All figures
but mask AP are ratios of two sums over cases, so a resample of the cases is a weighted sum.
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
from panodent.evaluation.bootstrap import CONFIDENCE, Estimate, _interval, _resamples
from panodent.evaluation.calibration_error import expected_error
from panodent.evaluation.case_scores import (
    MIN_IOU,
    NSD_TOLERANCE,
    OBB_SIZE,
    REFERENCE_WIDTH,
    CaseScores,
    score_pair,
)
from panodent.evaluation.metrics import FIGURES, FigureKind, case_row, case_terms

__all__ = [
    "FIGURES",
    "CaseScores",
    "Confusion",
    "Estimate",
    "Evaluation",
    "FigureKind",
    "score_pair",
    "summarise",
]

SCHEMA = "panodent-scores/1"
AP_SAMPLES = 200
"""Resamples for mask AP, which costs more than the other figures, at most."""


@dataclass(frozen=True)
class Confusion:
    """Under which number each tooth was found, by place (best overlap, IoU of at least 0.5).

    `counts` is (rows, columns) int. Rows are the truth's numbers, then "extra": instances that lie
    on no tooth. Columns are the predicted numbers, then "unnumbered", then "missed".
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Evaluation:
    """What `summarise` found. `figures`, and those of each tooth and type, are named in `FIGURES`.

    `without_truth` names predictions that were not scored, `notes` what a reader should know.
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
        """The figures in short, for a bundle's card: {name: [value, low, high]}, rounded.

        Figures without a value are left out; ends that cannot be given are None.
        """
        return {
            name: [
                None if number is None else round(number, digits)
                for number in (estimate.value, estimate.low, estimate.high)
            ]
            for name, estimate in self.figures.items()
            if estimate.value is not None
        }

    def rows(self) -> list[dict[str, Any]]:
        """The table of cases, in order, see `panodent.evaluation.metrics.case_row`."""
        return [case_row(case) for case in self.cases]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values: what `scores.json` holds, described in its `schema`.

        Keys: schema, settings, case_count, without_prediction, without_truth, notes, figures,
        by_type, by_tooth (FDI as text), confusion (rows, columns, counts), cases. A figure is
        {value, low, high, count, reason}; what cannot be told is null, never NaN.
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
    """Joins cases; intervals are percentiles over `samples` resamples of the cases.

    The same cases, `samples` and `seed` give the same result; 0 samples give no intervals. Mask AP
    is taken over the 32 permanent teeth and at most `AP_SAMPLES` resamples. Raises `ConfigError`
    for a negative count of samples.
    """
    listed = tuple(cases)
    if samples < 0:
        raise ConfigError(f"samples is {samples}; expected 0 (no intervals) or more")
    # One radiograph alone says nothing about the spread between radiographs.
    drawn = _resamples(len(listed), samples if len(listed) > 1 else 0, seed)
    scopes = _ratios(listed, drawn)
    overall = {name: scopes["all"][name] for name in FIGURES if name in scopes["all"]}
    overall |= _average_precision(listed, drawn[:AP_SAMPLES])
    overall["calibration_error"] = _calibration(listed, drawn[:AP_SAMPLES])
    numbers = (*PERMANENT, *(n for n in TEETH if TEETH[n].deciduous and str(n) in scopes))
    return Evaluation(
        cases=listed,
        figures={name: overall[name] for name in FIGURES},
        by_type={name: scopes.get(name, {}) for name in TOOTH_TYPES},
        by_tooth={fdi: scopes.get(str(fdi), {}) for fdi in numbers},
        confusion=_confusion(listed, numbers),
        samples=samples,
        seed=seed,
        without_truth=tuple(without_truth),
        notes=tuple(notes),
    )


def _plain(figures: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: asdict(estimate) for name, estimate in figures.items()}


# --- intervals ---------------------------------------------------------------------------------


def _ratios(
    cases: Sequence[CaseScores], drawn: npt.NDArray[np.int64]
) -> dict[str, dict[str, Estimate]]:
    """Scope ('all', a type, a tooth) -> figure -> estimate."""
    terms = [case_terms(case) for case in cases]
    keys = list(dict.fromkeys(key for case in terms for key in case))
    keys += [("all", name) for name in FIGURES if ("all", name) not in keys]
    above, below = np.zeros((2, len(cases), len(keys)))
    place = {key: index for index, key in enumerate(keys)}
    for row, case in enumerate(terms):
        for key, (numerator, denominator) in case.items():
            above[row, place[key]], below[row, place[key]] = numerator, denominator
    low, high = _interval(above, below, drawn)
    scopes: dict[str, dict[str, Estimate]] = {"all": {}}
    for (scope, name), index in place.items():
        total = float(below[:, index].sum())
        found = scopes.setdefault(scope, {})
        if total == 0:
            measured = any(case.measured for case in cases)
            unasked = FIGURES[name].surface and not measured and bool(cases)
            reason = "not measured" if unasked else f"no {FIGURES[name].counted} to count"
            found[name] = Estimate(None, count=0, reason=reason)
            continue
        value = float(above[:, index].sum()) / total
        ends = (float(low[index]), float(high[index]))
        if np.isnan(ends).any():
            found[name] = Estimate(value, None, None, round(total), "too few cases for an interval")
        else:
            found[name] = Estimate(value, *ends, round(total))
    return scopes


def _average_precision(
    cases: Sequence[CaseScores], drawn: npt.NDArray[np.int64]
) -> dict[str, Estimate]:
    value, resampled = mask_average_precision(cases, PERMANENT, drawn)
    count = sum(item.fdi in PERMANENT for case in cases for item in case.truth)
    result = {}
    for name in ("ap", "ap50"):
        point = getattr(value, name)
        spread = [getattr(item, name) for item in resampled if getattr(item, name) is not None]
        if point is None:
            result[name] = Estimate(None, reason="no permanent tooth in the truth to count")
        elif not spread:
            result[name] = Estimate(point, None, None, count, "too few cases for an interval")
        else:
            tail = 50 * (1 - CONFIDENCE)
            low, high = np.percentile(spread, [tail, 100 - tail])
            result[name] = Estimate(point, float(low), float(high), count)
    return result


def _calibration(cases: Sequence[CaseScores], drawn: npt.NDArray[np.int64]) -> Estimate:
    scores = [np.array([tooth.score for tooth in case.prediction]) for case in cases]
    right = [np.array([tooth.right for tooth in case.prediction], bool) for case in cases]

    def over(chosen: Sequence[int] | npt.NDArray[np.int64]) -> float | None:
        if not len(chosen):
            return None
        return expected_error(
            np.concatenate([scores[i] for i in chosen]), np.concatenate([right[i] for i in chosen])
        )

    value = over(range(len(cases)))
    if value is None:
        return Estimate(None, reason="no predicted tooth to count")
    count = sum(map(len, scores))
    spread = [error for row in drawn if (error := over(row)) is not None]
    if not spread:
        return Estimate(value, None, None, count, "too few cases for an interval")
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(spread, [tail, 100 - tail])
    return Estimate(value, float(low), float(high), count)


def _confusion(cases: Sequence[CaseScores], numbers: Sequence[int]) -> Confusion:
    """Rows: truth, then extra; columns: prediction, then unnumbered, then missed."""
    place: dict[int | None, int] = {fdi: index for index, fdi in enumerate(numbers)}
    place |= {0: len(numbers), None: len(numbers) + 1}
    counts = np.zeros((len(numbers) + 1, len(numbers) + 2), np.int64)
    for case in cases:
        for tooth in case.teeth:
            counts[place[tooth.fdi], place[tooth.found]] += 1
        for fdi in case.strays:
            counts[len(numbers), place[fdi]] += 1
    names = tuple(str(fdi) for fdi in numbers)
    return Confusion((*names, "extra"), (*names, "unnumbered", "missed"), counts)
